# bash completion for promoter: eval "$(promoter completion bash)"
# promoter itself says what may follow: the first line of its answer is the kind, each other a word, a tab, its meaning.
_promoter() {
  local typed="${COMP_LINE:0:COMP_POINT}" breaks="" before="" kind="" line
  COMPREPLY=()

  # Readline completes what stands behind the last of these, and not the whole word.
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=":"
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+="="
  if [[ -n $breaks ]]; then
    before="${typed##*[[:space:]]}"
    before="${before%"${before##*["$breaks"]}"}"
  fi

  while IFS= read -r line; do
    if [[ -z $kind ]]; then
      kind=$line
    else
      line="${line%%$'\t'*}"
      COMPREPLY+=("${line#"$before"}")
    fi
  done <<<"$("${1/#\~\//$HOME/}" completion bash --line "$typed" 2>/dev/null)"

  case $kind in
    folders)
      while IFS= read -r line; do
        [[ -n $line ]] && COMPREPLY+=("$line")
      done <<<"$(compgen -d -- "${2#=}")"
      compopt -o filenames 2>/dev/null
      ;;
    words) compopt +o default 2>/dev/null ;; # no file names where none is meant
  esac
}
complete -o default -F _promoter promoter
