package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.onnx.NamedValue;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The ONNX backend tests: models of one operator or a few with recorded inputs and outputs.
///
/// A case is a folder with `model.onnx` and folders `test_data_set_K` that hold `input_J.pb` and
/// `output_J.pb`. A case `test_NAME` without a model is that of a well-known network whose weights
/// are all alike: `../light/light_NAME.onnx`, with the answer in `light_NAME_output_0.pb` to
/// numbers that rise evenly from 0 to 1. Floating-point numbers may be off by [#RELATIVE] and
/// [#ABSOLUTE] together, everything else must be equal.
public final class Conformance {
  /// How far a floating-point number may be off relative to the expected one.
  public static final double RELATIVE = 1e-3;

  /// How far a floating-point number may be off beyond that.
  public static final double ABSOLUTE = 1e-5;

  /// One step between neighbours of bf16: the recorded ones were cut off, not rounded.
  private static final double BF16_RELATIVE = 0x1p-7;

  private static final String MODEL = "model.onnx";

  /// What runs a case's model.
  @FunctionalInterface
  public interface Runner {
    /// {@return the model, ready to run}
    ///
    /// @param model the file
    /// @throws ModelException if the model needs what the engine does not have
    Loaded load(Path model);
  }

  /// A model that is ready to run.
  public interface Loaded extends AutoCloseable {
    /// {@return the inputs in the file's order}
    List<TensorSpec> inputs();

    /// {@return what the model gives, in the file's order}
    List<TensorSpec> outputs();

    /// {@return the answers in the file's order}
    ///
    /// @param inputs a value for every input, by name
    List<Value> run(Map<String, Value> inputs);

    @Override
    void close();
  }

  /// {@return what loads models into Jiffy}
  ///
  /// @param options how
  public static Runner jiffy(LoadOptions options) {
    return file -> {
      Model model = Model.load(file, options);
      try {
        return new Jiffy(model, model.newSession());
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      }
    };
  }

  private record Jiffy(Model model, Session session) implements Loaded {
    @Override
    public List<TensorSpec> inputs() {
      return model.inputs();
    }

    @Override
    public List<TensorSpec> outputs() {
      return model.outputs();
    }

    @Override
    public List<Value> run(Map<String, Value> inputs) {
      return List.copyOf(session.runValues(inputs).values());
    }

    @Override
    public void close() {
      session.close();
      model.close();
    }
  }

  /// How a case ended.
  public enum Outcome {
    /// With the right answer.
    PASSED,
    /// With a wrong answer, or with an error although the model was loaded.
    FAILED,
    /// With a clear refusal to load the model or its inputs.
    UNSUPPORTED
  }

  /// One case.
  ///
  /// @param name its folder's name
  /// @param outcome how it ended
  /// @param reason why it did not pass, else ""
  public record Verdict(String name, Outcome outcome, String reason) {}

  /// All cases of a run, sorted by name.
  ///
  /// @param verdicts the cases
  public record Report(List<Verdict> verdicts) {
    /// Copies the list.
    public Report {
      verdicts = List.copyOf(verdicts);
    }

    /// {@return the cases that ended in one way}
    ///
    /// @param outcome the way
    public List<Verdict> ended(Outcome outcome) {
      return verdicts.stream().filter(c -> c.outcome == outcome).toList();
    }

    @Override
    public String toString() {
      return "%d passed, %d failed, %d unsupported"
          .formatted(
              ended(Outcome.PASSED).size(),
              ended(Outcome.FAILED).size(),
              ended(Outcome.UNSUPPORTED).size());
    }
  }

  private Conformance() {}

  /// {@return how some of the cases in a folder end}
  ///
  /// @param folder holds a folder for each case
  /// @param runner what runs the models
  /// @param wanted whether a case of this name is run
  public static Report run(Path folder, Runner runner, Predicate<String> wanted) {
    List<Verdict> cases = new ArrayList<>();
    for (Path path : children(folder, "")) {
      if (wanted.test(name(path)) && isCase(path)) {
        cases.add(run(path, name(path), runner));
      }
    }
    return new Report(cases);
  }

  /// {@return whether a folder holds a case}
  ///
  /// @param folder the folder
  public static boolean isCase(Path folder) {
    return Files.isRegularFile(folder.resolve(MODEL))
        || Files.isRegularFile(light(folder, ".onnx"));
  }

  /// A file of the network with weights that are all alike.
  private static Path light(Path folder, String suffix) {
    return folder.resolveSibling(
        Path.of("..", "light", "light_" + name(folder).replaceFirst("^test_", "") + suffix));
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static List<Path> children(Path folder, String prefix) {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> name(path).startsWith(prefix)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Verdict run(Path folder, String name, Runner runner) {
    Path file = folder.resolve(MODEL);
    boolean isLight = !Files.isRegularFile(file);
    Loaded model;
    try {
      model = runner.load(isLight ? light(folder, ".onnx") : file);
    } catch (ModelException e) {
      return new Verdict(name, Outcome.UNSUPPORTED, message(e));
    } catch (RuntimeException | StackOverflowError e) {
      return new Verdict(name, Outcome.FAILED, "load: " + e);
    }
    try (model) {
      String difference =
          isLight
              ? difference(model, ramps(model.inputs()), answer(light(folder, "_output_0.pb")))
              : difference(model, folder);
      return difference == null
          ? new Verdict(name, Outcome.PASSED, "")
          : new Verdict(name, Outcome.FAILED, difference);
    } catch (UnreadableException e) {
      return new Verdict(name, Outcome.UNSUPPORTED, message(e));
    } catch (RuntimeException | StackOverflowError e) {
      return new Verdict(name, Outcome.FAILED, "run: " + e);
    }
  }

  private static String message(RuntimeException e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
  }

  /// A recorded tensor of a kind that the engine does not have.
  private static final class UnreadableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableException(ModelException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static List<NamedValue> read(Path set, String kind, List<TensorSpec> specs) {
    List<NamedValue> values = new ArrayList<>();
    for (int j = 0; Files.isRegularFile(set.resolve(kind + "_" + j + ".pb")); j++) {
      Path file = set.resolve(kind + "_" + j + ".pb");
      try {
        if (j < specs.size()) {
          values.add(TensorFile.read(file, specs.get(j).kind(), specs.get(j).dtype()));
        } else {
          values.add(new NamedValue("", TensorFile.read(file).tensor()));
        }
      } catch (ModelException e) {
        throw new UnreadableException(e);
      }
    }
    return values;
  }

  private static List<NamedValue> answer(Path file) {
    return List.of(new NamedValue("", TensorFile.read(file).tensor()));
  }

  /// For each input numbers from 0 on that rise evenly and stay below 1.
  private static List<NamedValue> ramps(List<TensorSpec> specs) {
    List<NamedValue> ramps = new ArrayList<>();
    for (TensorSpec spec : specs) {
      long[] dims =
          Objects.requireNonNull(spec.shape()).stream()
              .mapToLong(dim -> dim instanceof Dim.Known(long extent) ? extent : 1)
              .toArray();
      Tensor ramp = Tensor.allocate(spec.dtype(), Shape.of(dims));
      long count = ramp.shape().elements();
      for (long i = 0; i < count; i++) {
        ramp.setDouble(i, (double) i / count);
      }
      ramps.add(new NamedValue(spec.name(), ramp));
    }
    return ramps;
  }

  /// Returns what differs from the recorded outputs of any set, or null.
  private static @Nullable String difference(Loaded model, Path folder) {
    List<Path> sets = children(folder, "test_data_set_");
    if (sets.isEmpty()) {
      return "expected a folder test_data_set_0, got none";
    }
    for (Path set : sets) {
      String difference =
          difference(
              model, read(set, "input", model.inputs()), read(set, "output", model.outputs()));
      if (difference != null) {
        return name(set) + " " + difference;
      }
    }
    return null;
  }

  private static @Nullable String difference(
      Loaded model, List<NamedValue> recorded, List<NamedValue> expected) {
    List<TensorSpec> specs = model.inputs();
    List<String> names = specs.stream().map(TensorSpec::name).toList();
    if (recorded.size() > specs.size()) {
      return "expected inputs %s, got %d".formatted(names, recorded.size());
    }
    if (expected.isEmpty()) {
      return "expected output_0.pb, got none";
    }
    Map<String, Value> inputs = new LinkedHashMap<>();
    for (int j = 0; j < recorded.size(); j++) {
      int named = names.indexOf(recorded.get(j).name());
      TensorSpec spec = specs.get(named < 0 ? j : named);
      Value value = recorded.get(j).value();
      inputs.put(spec.name(), value instanceof Tensor tensor ? as(spec.dtype(), tensor) : value);
    }
    List<Value> outputs = model.run(inputs);
    for (int j = 0; j < expected.size(); j++) {
      String difference =
          j < outputs.size() ? difference(expected.get(j).value(), outputs.get(j)) : "missing";
      if (difference != null) {
        return "output " + j + ": " + difference;
      }
    }
    return null;
  }

  private static @Nullable String difference(Value expected, Value actual) {
    Map<String, Tensor> recorded = Case.flat(Map.of("", expected));
    Map<String, Tensor> got = Case.flat(Map.of("", actual));
    if (!recorded.keySet().equals(got.keySet())) {
      return "expected %s, got %s".formatted(recorded.keySet(), got.keySet());
    }
    for (Map.Entry<String, Tensor> each : recorded.entrySet()) {
      Tensor other = Objects.requireNonNull(got.get(each.getKey()));
      String difference = difference(each.getValue(), other);
      if (difference != null) {
        return (each.getKey() + " " + difference).strip();
      }
    }
    return null;
  }

  /// The files hold bf16 under the number of u16.
  private static Tensor as(DType dtype, Tensor tensor) {
    return dtype == DType.BF16 && tensor.dtype() == DType.U16
        ? Tensor.of(dtype, tensor.shape(), tensor.segment())
        : tensor;
  }

  private static @Nullable String difference(Tensor recorded, Tensor actual) {
    Tensor expected = as(actual.dtype(), recorded);
    Shape shape = expected.shape();
    if (expected.dtype() != actual.dtype() || !shape.equals(actual.shape())) {
      return "expected %s%s, got %s%s"
          .formatted(expected.dtype(), shape, actual.dtype(), actual.shape());
    }
    for (long i = 0; i < shape.elements(); i++) {
      String e = text(expected, i);
      String a = text(actual, i);
      boolean same = expected.dtype().isFloat() ? isNear(expected, actual, i) : e.equals(a);
      if (!same) {
        return "element %d of %s%s: expected %s, got %s"
            .formatted(i, expected.dtype(), shape, e, a);
      }
    }
    return null;
  }

  private static String text(Tensor tensor, long index) {
    return switch (tensor.dtype()) {
      case STRING -> tensor.getString(index);
      case F32, F64, F16, BF16 -> Double.toString(tensor.getDouble(index));
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL ->
          Long.toString(tensor.getLong(index));
    };
  }

  private static boolean isNear(Tensor expected, Tensor actual, long index) {
    double e = expected.getDouble(index);
    double a = actual.getDouble(index);
    double relative = expected.dtype() == DType.BF16 ? BF16_RELATIVE : RELATIVE;
    return Double.compare(e, a) == 0
        || (Double.isFinite(e) && Math.abs(e - a) <= ABSOLUTE + relative * Math.abs(e));
  }
}
