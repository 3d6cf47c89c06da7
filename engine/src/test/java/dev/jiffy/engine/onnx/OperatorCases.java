package dev.jiffy.engine.onnx;

import java.nio.file.Path;
import java.util.Objects;

/// The ONNX project's operator cases: those of `ONNX_CASES`, or where Debian puts them.
final class OperatorCases {
  /// The suite with a case for each meaning of each operator.
  static final Path NODE =
      Path.of(
              Objects.requireNonNullElse(
                  System.getenv("ONNX_CASES"), "/usr/share/libonnx-testdata/data"))
          .resolve("node");

  private OperatorCases() {}
}
