package dev.jiffy.engine.function;

/// How a row is compared with a support vector.
///
/// @param shape the function
/// @param gamma the factor of a product or of a distance
/// @param offset what is added to a product
/// @param degree the exponent of a polynomial
public record SupportVectorKernel(Shape shape, float gamma, float offset, float degree) {
  /// A function of two vectors.
  public enum Shape {
    /// `x · v`
    LINEAR,
    /// `(gamma · x · v + offset)^degree`
    POLY,
    /// `e^(-gamma · |x - v|²)`
    RBF,
    /// `tanh(gamma · x · v + offset)`
    SIGMOID
  }

  /// {@return the function's value}
  ///
  /// @param x a row
  /// @param vectors support vectors, one after the other
  /// @param vector which of them
  public double apply(double[] x, double[] vectors, int vector) {
    double product = 0;
    double distance = 0;
    for (int i = 0; i < x.length; i++) {
      double v = vectors[vector * x.length + i];
      product += x[i] * v;
      distance += (x[i] - v) * (x[i] - v);
    }
    return switch (shape) {
      case LINEAR -> product;
      case POLY -> Math.pow(gamma * product + offset, degree);
      case RBF -> Math.exp(-gamma * distance);
      case SIGMOID -> Math.tanh(gamma * product + offset);
    };
  }
}
