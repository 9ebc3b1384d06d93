# tier cli
