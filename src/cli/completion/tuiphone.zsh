#compdef tuiphone
# Completion of tuiphone for zsh. Into a folder of fpath: tuiphone completions zsh > ~/.zfunc/_tuiphone
_tuiphone() {
    local kind value doc
    local -a values shown
    {
        read -r kind
        while IFS=$'\t' read -r value doc; do
            values+=("$value")
            shown+=("$value${doc:+  -- $doc}")
        done
    } < <(command tuiphone complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
    # A contact may have been found by the name: what is typed need not begin the number.
    (( $#values )) && compadd -U -l -d shown -a values
    case $kind in
        files) _files ;;
        folders) _files -/ ;;
    esac
}
if [[ $funcstack[1] == _tuiphone ]]; then
    _tuiphone "$@"
else
    compdef _tuiphone tuiphone
fi
