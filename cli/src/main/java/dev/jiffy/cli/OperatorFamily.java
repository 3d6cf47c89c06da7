package dev.jiffy.cli;

import dev.jiffy.bench.Profile;

/// Operators that compute alike, for the colours of pictures.
enum OperatorFamily {
  PRODUCT("f0", "products"),
  CONVOLUTION("f1", "convolutions"),
  ATTENTION("f2", "attention"),
  NORMALIZATION("f3", "norms, reductions"),
  ELEMENTWISE("f4", "elementwise"),
  POOLING("f5", "pooling, resizing"),
  MOVEMENT("f6", "data movement"),
  OTHER("f7", "other");

  private final String css;
  private final String label;

  OperatorFamily(String css, String label) {
    this.css = css;
    this.label = label;
  }

  /// {@return the name for a legend}
  String label() {
    return label;
  }

  /// {@return the class of its elements in a picture}
  String css() {
    return css;
  }

  /// {@return the family of an operator}
  static OperatorFamily of(String operator) {
    return switch (operator) {
      case "MatMul", "QuantizedMatMul", "Gemm", "Einsum", "Recurrent" -> PRODUCT;
      case "Conv", "ConvTranspose" -> CONVOLUTION;
      case "Attention", "CausalAttention" -> ATTENTION;
      case "LayerNorm", "BatchNorm", "InstanceNorm", "LpNormalization", "Lrn", "Softmax" ->
          NORMALIZATION;
      case "Hardmax", "Reduce", "ArgReduce", "CumSum", "TopK" -> NORMALIZATION;
      case "Elementwise", "Cast", "DynamicQuantize" -> ELEMENTWISE;
      case "Pool", "GlobalPool", "Resize" -> POOLING;
      case Profile.OTHER -> OTHER;
      default -> MOVEMENT;
    };
  }
}
