package dev.jiffy.engine;

/// What a model runs on.
public sealed interface Device {
  /// This machine's processors.
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /// A CUDA device. Jiffy itself has no code for it: ONNX Runtime computes the whole model there.
  ///
  /// @param index which one, from 0
  record Cuda(int index) implements Device {
    /// Checks the index.
    public Cuda {
      if (index < 0) {
        throw new IllegalArgumentException("a device's number is at least 0, got " + index);
      }
    }

    @Override
    public String toString() {
      return "cuda:" + index;
    }
  }

  /// {@return the device of a name}
  ///
  /// @param name `cpu`, or `cuda:` and a number
  /// @throws IllegalArgumentException if it is neither
  static Device of(String name) {
    if (name.equals("cpu")) {
      return new Cpu();
    }
    if (name.matches("cuda:\\d{1,4}")) {
      return new Cuda(Integer.parseInt(name.substring("cuda:".length())));
    }
    throw new IllegalArgumentException(
        "expected the device cpu or cuda:N, such as cuda:0, got '" + name + "'");
  }
}
