# Completion of tuiphone for bash. In ~/.bashrc: eval "$(tuiphone completions bash)"
_tuiphone() {
    # bash splits words at : = @ too; here they are put together again, up to the cursor.
    local rest=${COMP_LINE:0:COMP_POINT} trimmed piece words=() i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        piece=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && piece=$trimmed
        if ((i == 0)) || [[ $trimmed != "$rest" ]]; then
            words+=("$piece")
        else
            words[${#words[@]} - 1]+=$piece
        fi
        rest=${trimmed#"$piece"}
    done
    # bash puts what is chosen behind the last of those signs.
    local current=${words[${#words[@]} - 1]} cut='' breaks=${COMP_WORDBREAKS//[^:=@]/} kind value doc
    [[ $breaks ]] && cut=${current%"${current##*[$breaks]}"}
    COMPREPLY=()
    {
        read -r kind
        while IFS=$'\t' read -r value doc; do
            printf -v value %q "${value#"$cut"}"
            COMPREPLY+=("$value")
        done
    } < <(command tuiphone complete -- "${words[@]:1}" 2>/dev/null)
    case $kind in
        files) compopt -o default 2>/dev/null ;;
        folders) compopt -o dirnames 2>/dev/null ;;
    esac
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _tuiphone tuiphone
