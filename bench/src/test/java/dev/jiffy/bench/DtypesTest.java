package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.onnxruntime.OnnxRuntimeModel;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every operator runs with every type that the standard allows for it, on fast kernels and on the
/// scalar ones, and gives what ONNX Runtime gives: in the same type where that has it, else in one
/// that holds the same numbers.
class DtypesTest {
  private static final LoadOptions FAST = LoadOptions.defaults().engine(EngineChoice.JIFFY);
  private static final LoadOptions SCALAR = FAST.optimize(false).kernels(KernelPath.SCALAR);

  @TempDir private Path folder = Path.of("");

  static Stream<DtypeCase> cases() {
    return DtypeCases.all().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyTypeOfTheStandardRuns(DtypeCase tested) throws IOException {
    List<String> problems = new ArrayList<>();
    for (DType type : tested.types()) {
      List<Tensor> expected = expected(tested, type);
      if (expected == null) {
        problems.add(type + ": nothing to compare with");
        continue;
      }
      for (LoadOptions options : List.of(FAST, SCALAR)) {
        String problem = problem(tested, type, expected, options);
        if (problem != null) {
          problems.add(type + (options.equals(FAST) ? ": " : ", scalar: ") + problem);
        }
      }
    }
    assertEquals("", String.join("\n", problems));
  }

  /// What ONNX Runtime answers, or null where it has no type that would do. For some operators it
  /// has the meaning before the newest only, which is the same but for more types.
  private @Nullable List<Tensor> expected(DtypeCase tested, DType type) throws IOException {
    for (long opset = DtypeCase.OPSET; opset >= DtypeCase.OPSET - 1; opset--) {
      for (DType other : others(type)) {
        byte[] bytes = bytes(tested.model(type, other, opset));
        try (OnnxRuntimeModel model = OnnxRuntimeModel.unoptimized(bytes)) {
          return model.run(List.of(), Collections.nCopies(model.outputs().size(), null));
        } catch (ModelException _) {
          // it has no kernel for that type: the next one
        }
      }
    }
    return null;
  }

  /// Types that hold the numbers of a type, itself first if possible. Numbers stand for texts too,
  /// and f32 for the narrow floats, whose kernels round otherwise from operator to operator.
  private static List<DType> others(DType type) {
    List<DType> integers = List.of(DType.I64, DType.I32);
    List<DType> reals = List.of(DType.F32, DType.F64);
    List<DType> others = new ArrayList<>();
    boolean isCompared =
        switch (type) {
          case STRING, F16, BF16 -> false;
          case F32, F64, BOOL, I4, I8, I16, I32, I64, U4, U8, U16, U32, U64 -> true;
        };
    if (isCompared) {
      others.add(type);
    }
    others.addAll(type.isFloat() ? reals : integers);
    others.addAll(type.isFloat() ? integers : reals);
    others.addAll(List.of(DType.I8, DType.U8));
    return others;
  }

  private byte[] bytes(OnnxModel model) throws IOException {
    Path file = folder.resolve("expected.onnx");
    OnnxWriter.write(model, file);
    return Files.readAllBytes(file);
  }

  private @Nullable String problem(
      DtypeCase tested, DType type, List<Tensor> expected, LoadOptions options) throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(tested.model(type), file);
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      Map<String, Tensor> outputs = session.run(tested.inputs(type));
      List<DType> types = tested.results(type);
      for (int i = 0; i < types.size(); i++) {
        Tensor output = outputs.get("y" + i);
        String problem =
            output == null ? "is missing" : problem(types.get(i), expected.get(i), output);
        if (problem != null) {
          return "y" + i + " " + problem;
        }
      }
      return null;
    } catch (ModelException | IllegalStateException e) {
      return String.valueOf(e.getMessage()).strip();
    }
  }

  private static @Nullable String problem(DType type, Tensor expected, Tensor actual) {
    if (actual.dtype() != type) {
      return "is %s, expected %s".formatted(actual.dtype(), type);
    }
    if (!actual.shape().equals(expected.shape())) {
      return "is of %s, expected %s".formatted(actual.shape(), expected.shape());
    }
    if (expected.dtype() == DType.STRING) {
      return actual.strings().equals(expected.strings())
          ? null
          : "is %s, expected %s".formatted(actual.strings(), expected.strings());
    }
    double[] e = expected.toDoubles();
    if (type == DType.BOOL) {
      e = Arrays.stream(e).map(x -> x == 0 ? 0 : 1).toArray();
    }
    if (type == DType.STRING) {
      List<String> texts = Arrays.stream(e).mapToObj(DtypeCase::text).toList();
      return actual.strings().equals(texts)
          ? null
          : "is %s, expected %s".formatted(actual.strings(), texts);
    }
    double[] a = actual.toDoubles();
    double tolerance =
        switch (type) {
          case F64 -> 1e-6;
          case F32 -> 1e-5;
          case F16 -> 5e-3;
          case BF16 -> 4e-2;
          default -> 0;
        };
    for (int i = 0; i < e.length; i++) {
      boolean isSame =
          Double.compare(e[i], a[i]) == 0
              || Math.abs(e[i] - a[i]) <= tolerance * Math.max(1, Math.abs(e[i]));
      if (!isSame) {
        return "is %s, expected %s".formatted(Arrays.toString(a), Arrays.toString(e));
      }
    }
    return null;
  }
}
