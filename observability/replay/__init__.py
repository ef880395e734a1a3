"""Would the alert have fired, when, and for whom: rules on simulated or exported telemetry, as Azure evaluates them."""
