#compdef holdfast
# Completion of `holdfast` for zsh.
# In ~/.zshrc:  eval "$(holdfast completion zsh)"
# or, as a file named _holdfast in a folder of $fpath:  holdfast completion zsh > FOLDER/_holdfast

_holdfast() {
    local holdfast=${(Q)words[1]} line about
    local -a part closed open
    (( $+commands[$holdfast] )) || [[ -x $holdfast ]] || holdfast=holdfast  # an alias
    for line in "${(@f)$(_HOLDFAST_COMPLETE=zsh $holdfast \
        -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        part=("${(@ps:\t:)line}")
        about=${part[3]:+:${part[3]}}
        case $part[1] in
            word) closed+=("${${part[2]//\\/\\\\}//:/\\:}$about") ;;
            open) open+=("${${part[2]//\\/\\\\}//:/\\:}$about") ;;
            file) _files ;;
            dir) _files -/ ;;
        esac
    done
    (( $#open )) && _describe -V holdfast open -S ''
    (( $#closed )) && _describe -V holdfast closed
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _holdfast "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _holdfast holdfast
fi
