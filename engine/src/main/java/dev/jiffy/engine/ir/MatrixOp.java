package dev.jiffy.engine.ir;

/// An operator of linear algebra beside products.
public sealed interface MatrixOp extends Op.Special {
  /// The determinant of square matrices, the last two dimensions: `(x)`.
  record Determinant() implements MatrixOp {}
}
