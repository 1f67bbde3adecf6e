"""What the blog tells those who run it: log lines, metrics and traces, where they are asked for."""
