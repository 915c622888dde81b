# fish completion for promoter: promoter completion fish > ~/.config/fish/completions/promoter.fish
# promoter itself says what may follow: the first line of its answer is the kind, each other a word, a tab, its meaning.
function __promoter_complete
    set -l answer (command promoter completion fish --line (commandline --current-process --cut-at-cursor | string collect) 2>/dev/null)
    set -l token (commandline --current-token --cut-at-cursor)
    # What stands before a path in the same word: `--policy=`.
    set -l before (string match --regex -- '^--[a-z-]+=' $token)
    set -l path (string replace --regex -- '^--[a-z-]+=' '' $token)
    switch "$answer[1]"
        case words
            test (count $answer) -gt 1; and printf '%s\n' $answer[2..-1]
        case files
            printf "$before%s\n" (__fish_complete_path "$path")
        case folders
            printf "$before%s\n" (__fish_complete_directories "$path")
    end
end
complete --command promoter --no-files --arguments '(__promoter_complete)'
