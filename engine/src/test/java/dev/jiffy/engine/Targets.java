package dev.jiffy.engine;

import dev.jiffy.engine.lower.Target;
import java.util.ArrayList;
import java.util.List;

/// The families of kernels that this machine has.
@SuppressWarnings("exports") // for tests of this module
public final class Targets {
  private Targets() {}

  /// A family of kernels.
  ///
  /// @param kernels its name
  /// @param target the kernels, for two threads, f32
  public record Named(KernelPath kernels, Target target) {
    @Override
    public String toString() {
      return kernels.toString();
    }
  }

  /// {@return all families that run here}
  public static List<Named> all() {
    List<Named> all = new ArrayList<>();
    for (KernelPath path : KernelPath.values()) {
      try {
        LoadOptions options = LoadOptions.defaults().threads(2).kernels(path);
        LoadOptions decided = Kernels.HERE.decided(options);
        all.add(new Named(path, Kernels.HERE.target(decided)));
      } catch (ModelException e) {
        // this machine has no such kernels
      }
    }
    return all;
  }
}
