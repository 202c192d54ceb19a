"""Running veRL, Ray and vLLM on a machine without an accelerator."""
