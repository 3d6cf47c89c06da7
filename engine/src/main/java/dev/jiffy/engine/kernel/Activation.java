package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.UnaryFunction;

/// What a product or convolution applies to each result before storing it.
///
/// @param function the function
/// @param alpha its first parameter
/// @param beta its second parameter
public record Activation(UnaryFunction function, float alpha, float beta) {}
