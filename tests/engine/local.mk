# tier engine
