package dev.jiffy.engine.function;

import java.util.Arrays;

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

  /// Compares a row with all vectors.
  ///
  /// @param x the row
  /// @param vectors the first features of all vectors, then the second ones, and so on
  /// @param values where the function's values go, one for each vector
  public void apply(double[] x, float[] vectors, double[] values) {
    Arrays.fill(values, 0);
    for (int i = 0; i < x.length; i++) {
      if (shape == Shape.RBF) {
        addDistances(x[i], vectors, i * values.length, values);
      } else {
        addProducts(x[i], vectors, i * values.length, values);
      }
    }
    for (int v = 0; v < values.length; v++) {
      values[v] =
          switch (shape) {
            case LINEAR -> values[v];
            case POLY -> Math.pow(gamma * values[v] + offset, degree);
            case RBF -> Math.exp(-gamma * values[v]);
            case SIGMOID -> Math.tanh(gamma * values[v] + offset);
          };
    }
  }

  private static void addDistances(double x, float[] vectors, int from, double[] sums) {
    for (int v = 0; v < sums.length; v++) {
      double distance = x - vectors[from + v];
      sums[v] += distance * distance;
    }
  }

  private static void addProducts(double x, float[] vectors, int from, double[] sums) {
    for (int v = 0; v < sums.length; v++) {
      sums[v] += x * vectors[from + v];
    }
  }
}
