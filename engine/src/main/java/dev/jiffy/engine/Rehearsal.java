package dev.jiffy.engine;

import dev.jiffy.engine.onnx.Exporter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;

/// Small models loaded and run ahead of the first one that is wanted, so that the code of loads and
/// first runs is there, linked and partly compiled by then: in a young process all of that takes
/// longer than the work itself.
///
/// For a program that has other things to do before it loads its first model, on a second core.
/// Once that load begins, it gets the core: a rehearsal then ends as soon as each small model has
/// run.
public final class Rehearsal {
  private static final LoadOptions OPTIONS = LoadOptions.defaults().threads(1);

  private static volatile boolean isOver;

  private Rehearsal() {}

  /// Ends rehearsals, this one and later ones, as a model is loaded that is wanted.
  static void end() {
    isOver = true;
  }

  /// Begins to rehearse, in a thread that keeps no process from ending; does nothing where the
  /// process has only one processor.
  ///
  /// @param most for how long
  public static void start(Duration most) {
    if (Runtime.getRuntime().availableProcessors() > 1) {
      Thread.ofPlatform().name("jiffy-rehearsal").daemon().start(() -> attempt(most));
    }
  }

  private static void attempt(Duration most) {
    try {
      run(most);
    } catch (RuntimeException e) {
      // a load that is wanted will tell what is wrong here
      System.getLogger("dev.jiffy.engine").log(System.Logger.Level.DEBUG, "no rehearsal", e);
    }
  }

  /// Rehearses on the calling thread.
  ///
  /// @param most for how long, unless a model is loaded from a file meanwhile or was before; each
  ///   small model is loaded and run once at least
  public static void run(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment image = OnnxWriter.write(SmallModels.image(), Exporter.OLDEST_OPSET, arena);
      MemorySegment text = OnnxWriter.write(SmallModels.text(), Exporter.OLDEST_OPSET, arena);
      Map<String, Tensor> images =
          Map.of("image", Tensor.allocate(DType.F32, Shape.of(1, 3, 16, 16)));
      long length = 1;
      do {
        loadAndRun(image, images);
        loadAndRun(text, Map.of("ids", Tensor.allocate(DType.I64, Shape.of(1, length++))));
      } while (!isOver && System.nanoTime() < end);
    }
  }

  private static void loadAndRun(MemorySegment bytes, Map<String, Tensor> inputs) {
    try (Model model = Model.load(bytes, OPTIONS);
        Session session = model.newSession()) {
      session.run(inputs);
    }
  }
}
