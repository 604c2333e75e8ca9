"""What a view can be drawn as, beside a grid."""
