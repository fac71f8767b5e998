# Completion of `holdfast` for fish.
# Once:  holdfast completion fish > ~/.config/fish/completions/holdfast.fish

function __holdfast_complete
    set -l words (commandline --cut-at-cursor --current-process --tokenize)
    set -l current (commandline --cut-at-cursor --current-token)
    set -l holdfast $words[1]
    set -e words[1]
    command --query -- $holdfast; or set holdfast holdfast # an alias
    _HOLDFAST_COMPLETE=fish command $holdfast -- $words "$current" 2>/dev/null | while read --delimiter \t --local kind value about
        switch $kind
            case word open
                printf '%s\t%s\n' $value $about
            case file
                __fish_complete_path $current
            case dir
                __fish_complete_directories $current ''
        end
    end
end

complete --command holdfast --no-files --keep-order --arguments '(__holdfast_complete)'
