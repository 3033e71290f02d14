"""Templates, wordings and their rendering; claims; the chain format; the kinematic annotator."""
