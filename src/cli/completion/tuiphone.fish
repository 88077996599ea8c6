# Completion of tuiphone for fish: tuiphone completions fish > ~/.config/fish/completions/tuiphone.fish
function __tuiphone_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l told (command tuiphone complete -- $words "$current" 2>/dev/null)
    test (count $told) -gt 0; or return
    set -l kind $told[1]
    set -e told[1]
    test (count $told) -gt 0; and printf '%s\n' $told
    switch $kind
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
    end
end
complete -c tuiphone -f -a '(__tuiphone_complete)'
