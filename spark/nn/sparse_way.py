"""What to write instead of connections between all pairs of many units."""

SPARSE_WAY = (
    "Make the pool sparse: `CurrentLIFNeuron` with `excitatory__connections=FixedInDegree(degree=1000)` and delays "
    "for each connection, whose memory follows the number of connections; or take fewer units"
)
