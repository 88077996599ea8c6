class Tuiphone < Formula
  desc "@summary@"
  homepage "@home@"
  url "@from@/@source@"
  sha256 "@source.sha256@"
  license any_of: [@licence.list@]

  depends_on "cmake" => :build
  depends_on "rust" => :build

  on_linux do
    depends_on "pkgconf" => :build
    depends_on "alsa-lib"
  end

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"tuiphone", "completions")
    man1.install Dir["man/man1/*"]
    man5.install Dir["man/man5/*"]
    man7.install Dir["man/man7/*"]
  end

  service do
    run [opt_bin/"tuiphone", "daemon"]
    keep_alive successful_exit: false
  end

  test do
    assert_match "\"version\":\"#{version}\"", shell_output("#{bin}/tuiphone --version --json")
  end
end
