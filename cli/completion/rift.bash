# Completion of rift for bash. What there is to complete it asks rift itself (--help=words), so that
# it knows exactly the options of the program that is installed.

_rift()
{
    local word=${COMP_WORDS[COMP_CWORD]} before='' line name values words='' n=$COMP_CWORD i
    local -a command=("${COMP_WORDS[0]}")

    ((n > 1)) && before=${COMP_WORDS[n - 1]}
    ((n > 1)) && command+=("${COMP_WORDS[1]}")
    [[ ${COMP_WORDS[1]} == bench && ${COMP_WORDS[2]} == check && n -gt 2 ]] && command+=(check)
    for ((i = 1; i < n; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && return
    done
    COMPREPLY=()
    while IFS=$'\t' read -r name values; do
        if [[ $name == "$before" && $values != none ]]; then
            [[ $values == any ]] || mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
            return # of "any" the shell knows best: a file
        elif [[ $word == -* && $name == -?* ]]; then
            words+=" $name"
        elif [[ $word != -* && $name == - && $values != any && $values != none ]]; then
            # The first operand stands right behind the command.
            ((n == ${#command[@]})) && words=$values
        fi
    done < <("${command[@]}" --help=words 2>/dev/null)
    [[ -n $words ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o bashdefault -o default -F _rift rift
