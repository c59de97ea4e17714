# Completion of mqttspec, mqttspec-client and mqttspec-broker in bash. The programs know the words:
# base/completion.h. Installed for each of the three; or: source <(mqttspec completion bash)

_mqttspec() {
	local line=${COMP_LINE:0:COMP_POINT} i word value program words=() found=()

	# bash has cut words at = and : too; what has no blank in between was typed as one.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
			line=${line#"${line%%[![:space:]]*}"}
			words+=("")
		fi
		((i < COMP_CWORD)) || word=$line
		words[${#words[@]} - 1]+=$word
		line=${line#"$word"}
	done

	word=${words[${#words[@]} - 1]}
	value=$word
	[[ $word != --*=* ]] || value=${word#*=}
	program=${words[0]/#\~\//$HOME/}
	COMPREPLY=()
	while IFS=$'\t' read -r line _; do
		case $line in
		'=files' | '=folders')
			compopt -o filenames 2>/dev/null
			[[ $line == '=files' ]] && i=f || i=d
			mapfile -t found < <(compgen -"$i" -- "$value")
			COMPREPLY+=("${found[@]}")
			;;
		*) COMPREPLY+=("${line#"${word%"${word##*[=:]}"}"}") ;;
		esac
	done < <("$program" completion words "${words[@]:1}" 2>/dev/null)
}

complete -F _mqttspec mqttspec mqttspec-client mqttspec-broker
