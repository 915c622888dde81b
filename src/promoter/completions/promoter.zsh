#compdef promoter
# zsh completion for promoter: promoter completion zsh > a folder of $fpath/_promoter, or eval "$(promoter completion zsh)"
# promoter itself says what may follow: the first line of its answer is the kind, each other a word, a tab, its meaning.
_promoter() {
  local program=${(Q)words[1]} line
  local -a answer found
  program=${program/#\~\//$HOME/}
  answer=("${(@f)$($program completion zsh --line "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")

  case $answer[1] in
    files) compset -P '--*='; _files ;;
    folders) compset -P '--*='; _files -/ ;;
    words)
      for line in "${(@)answer[2,-1]}"; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
      done
      _describe promoter found
      ;;
  esac
}

if [[ $funcstack[1] == _promoter ]]; then
  _promoter "$@" # autoloaded from a folder of $fpath
else
  compdef _promoter promoter
fi
