# Completion of `holdfast` for bash 4.4 and later; needs no other package.
# In ~/.bashrc:  eval "$(holdfast completion bash)"

_holdfast() {
    local command=${1/#\~/$HOME} kind value
    type -P -- "$command" >/dev/null || command=holdfast  # an alias
    COMPREPLY=()
    # The line is taken apart over there: bash itself breaks words at colons, and keeps their quotes.
    while IFS=$'\t' read -r kind value; do
        case $kind in
            word) COMPREPLY+=("$value") ;;
            open) COMPREPLY+=("$value"); compopt -o nospace ;;
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
        esac
    done < <(_HOLDFAST_COMPLETE=bash _HOLDFAST_LINE=${COMP_LINE:0:COMP_POINT} \
        _HOLDFAST_BREAKS=$COMP_WORDBREAKS "$command" 2>/dev/null)
}

complete -o nosort -F _holdfast holdfast
