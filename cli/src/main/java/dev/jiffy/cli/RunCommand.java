package dev.jiffy.cli;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.Comparison;
import dev.jiffy.bench.InputSource;
import dev.jiffy.engine.Handover;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy run`: runs a model once per case and holds its answers against the known ones.
@Command(
    name = "run",
    description = {
      "Runs a model on recorded or made-up inputs.",
      "Where a case has expected outputs, every one is compared; a mismatch is a failure.",
      "Where it has none, the outputs are summed up."
    })
final class RunCommand implements Callable<Integer> {
  private static final int SHOWN = 8;

  @Parameters(paramLabel = "MODEL", description = "The ONNX file.")
  private Path model = Path.of("");

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      converter = OptionValues.Tolerance.class,
      description =
          "How far a floating-point number may be off, absolute or relative to the expected one,"
              + " whichever is larger; 1e-4 by default.")
  private double tolerance = Comparison.TOLERANCE;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() {
    List<Run> runs = new ArrayList<>();
    @Nullable Handover handover;
    try (Model loaded = Model.load(model, load.options());
        Session session = loaded.newSession()) {
      handover = loaded.handover().orElse(null);
      for (InputSource source : inputs.sources()) {
        for (Case each : source.cases(loaded.inputs(), loaded.outputs())) {
          Map<String, Tensor> answers = Case.flat(session.runValues(each.inputs()));
          Comparison comparison = Comparison.of(each.expected(), answers, tolerance);
          runs.add(run(each.name(), answers, comparison));
        }
      }
    }
    Answer answer =
        new Answer(
            model.toString(),
            runs.stream().allMatch(Run::matches),
            runs.stream().mapToDouble(Run::maxAbsError).max().orElse(0),
            runs.stream().mapToDouble(Run::maxRelError).max().orElse(0),
            handover,
            runs);
    if (handover != null) {
      output.progress("jiffy: " + handover.text());
    }
    output.print(answer);
    for (Run run : runs) {
      for (Result result : run.outputs()) {
        if (result.mismatch() != null) {
          output.progress("jiffy: " + run.name() + ": " + result.mismatch());
        }
      }
    }
    return answer.matches() ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  private static Run run(String name, Map<String, Tensor> answers, Comparison comparison) {
    Map<String, Comparison.Output> compared =
        comparison.outputs().stream().collect(Collectors.toMap(Comparison.Output::name, o -> o));
    List<Result> results = new ArrayList<>();
    answers.forEach((output, tensor) -> results.add(result(output, tensor, compared.get(output))));
    for (Comparison.Output absent : comparison.outputs()) {
      if (!answers.containsKey(absent.name())) {
        results.add(
            new Result(absent.name(), null, null, null, null, null, false, absent.mismatch()));
      }
    }
    return new Run(
        name, comparison.matches(), comparison.maxAbsError(), comparison.maxRelError(), results);
  }

  private static Result result(String name, Tensor tensor, Comparison.@Nullable Output compared) {
    return new Result(
        name,
        tensor.dtype(),
        tensor.shape(),
        compared == null ? Summary.of(tensor) : null,
        compared == null ? null : compared.maxAbsError(),
        compared == null ? null : compared.maxRelError(),
        compared == null ? null : compared.matches(),
        compared == null ? null : compared.mismatch());
  }

  /// All runs.
  record Answer(
      String model,
      boolean matches,
      double maxAbsError,
      double maxRelError,
      @Nullable Handover handover,
      List<Run> cases)
      implements Output.Answer {
    @Override
    public String text() {
      return cases.stream().map(Run::text).collect(Collectors.joining("\n"));
    }
  }

  /// One case; it matches unless an output that was compared differs.
  record Run(
      String name, boolean matches, double maxAbsError, double maxRelError, List<Result> outputs) {
    String text() {
      return outputs.stream()
          .map(result -> name + "  " + result.text())
          .collect(Collectors.joining("\n"));
    }
  }

  /// One output: compared, or summed up where no answer is known.
  record Result(
      String name,
      @Nullable DType dtype,
      @Nullable Shape shape,
      @Nullable Summary summary,
      @Nullable Double maxAbsError,
      @Nullable Double maxRelError,
      @Nullable Boolean matches,
      @Nullable String mismatch) {
    String text() {
      String type = dtype == null || shape == null ? "" : Quantities.tensor(dtype, shape);
      if (summary != null) {
        return "%s %s  %s".formatted(name, type, summary.text());
      }
      if (maxAbsError == null || maxRelError == null) {
        return name + "  absent";
      }
      return "%s %s  max error %s, relative %s  %s"
          .formatted(
              name,
              type,
              Quantities.error(maxAbsError),
              Quantities.error(maxRelError),
              mismatch == null ? "ok" : "MISMATCH");
    }
  }

  /// What is in a tensor: its first elements, and the range and mean of its numbers.
  record Summary(
      List<Object> first, @Nullable Double min, @Nullable Double max, @Nullable Double mean) {
    static Summary of(Tensor tensor) {
      long count = tensor.shape().elements();
      List<Object> first = new ArrayList<>();
      for (long i = 0; i < Math.min(count, SHOWN); i++) {
        first.add(
            tensor.dtype() == DType.STRING
                ? tensor.getString(i)
                : tensor.dtype().isFloat() ? (Object) tensor.getDouble(i) : whole(tensor, i));
      }
      if (tensor.dtype() == DType.STRING || count == 0) {
        return new Summary(first, null, null, null);
      }
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (long i = 0; i < count; i++) {
        double value = tensor.getDouble(i);
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
      }
      return new Summary(first, min, max, sum / (double) count);
    }

    private static Object whole(Tensor tensor, long index) {
      long value = tensor.getLong(index);
      return tensor.dtype() == DType.U64 ? new BigInteger(Long.toUnsignedString(value)) : value;
    }

    String text() {
      String elements =
          first.stream()
              .map(value -> value instanceof Double number ? "%.5g".formatted(number) : "" + value)
              .collect(Collectors.joining(", ", "[", first.size() == SHOWN ? ", ...]" : "]"));
      return min == null
          ? elements
          : "%s  from %.5g to %.5g, mean %.5g".formatted(elements, min, max, mean);
    }
  }
}
