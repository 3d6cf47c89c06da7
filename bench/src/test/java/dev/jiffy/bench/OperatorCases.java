package dev.jiffy.bench;

import java.nio.file.Path;
import java.util.Objects;

/// The ONNX project's operator cases: those of `ONNX_CASES`, or where Debian puts them.
public final class OperatorCases {
  /// All suites.
  public static final Path ALL =
      Path.of(
          Objects.requireNonNullElse(
              System.getenv("ONNX_CASES"), "/usr/share/libonnx-testdata/data"));

  /// The suite with a case for each meaning of each operator.
  public static final Path NODE = ALL.resolve("node");

  private OperatorCases() {}
}
