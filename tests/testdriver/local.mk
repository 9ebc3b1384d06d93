# tier testdriver
