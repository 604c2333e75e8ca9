"""The quality rules against other libraries; run by `./run peers`, which makes their environments."""
