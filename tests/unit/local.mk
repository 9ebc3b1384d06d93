# tier unit
