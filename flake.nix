# nix build (or .#headless: without sound cards), from the sources.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      facts = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      phone =
        pkgs: headless:
        pkgs.rustPlatform.buildRustPackage {
          pname = if headless then "${facts.name}-headless" else facts.name;
          inherit (facts) version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          cargoBuildFlags = [ "--package=${facts.name}" ];
          buildNoDefaultFeatures = headless;
          buildFeatures = lib.optional headless "headless";
          nativeBuildInputs = [
            pkgs.cmake
            pkgs.installShellFiles
            pkgs.pkg-config
          ];
          buildInputs = lib.optional (pkgs.stdenv.hostPlatform.isLinux && !headless) pkgs.alsa-lib;
          # For libopus, whose own build script calls it.
          dontUseCmakeConfigure = true;
          # The tests want peers, sockets and a terminal: cargo xtask test.
          doCheck = false;
          postInstall = ''
            installManPage man/man?/*
            for shell in bash zsh fish; do
              $out/bin/tuiphone completions $shell >tuiphone.$shell
            done
            installShellCompletion tuiphone.bash --zsh --name _tuiphone tuiphone.zsh --fish tuiphone.fish
          ''
          + lib.optionalString pkgs.stdenv.hostPlatform.isLinux ''
            install -Dm644 -t $out/share/applications contrib/desktop/tuiphone.desktop
            install -Dm644 -t $out/lib/systemd/user contrib/systemd/tuiphone.*
            substituteInPlace $out/lib/systemd/user/tuiphone.service --replace-fail %h/.cargo/bin $out/bin
          '';
          meta = {
            inherit (facts) description;
            license = with lib.licenses; [
              mit
              asl20
            ];
            mainProgram = facts.name;
          };
        };
    in
    {
      packages = lib.genAttrs systems (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = phone pkgs false;
          headless = phone pkgs true;
        }
      );
    };
}
