package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Case;
import dev.jiffy.engine.Handover;
import dev.jiffy.engine.Inspection;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Placement;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Cost;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphText;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.GraphValue;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy inspect`: what is in a model's file, and what the engine makes of it.
@Command(
    name = "inspect",
    description = {
      "Tells what is in a model's file: inputs, outputs, named dimensions, operators, parameters;"
          + " which engine and which kernels run what of it, and what a run costs.",
      "Where inputs have named dimensions, arithmetic and memory are known once --dim, --shape or"
          + " --case gives their extents."
    })
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "The ONNX file.")
  private Path model = Path.of("");

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      description =
          "Print the graph as text instead: import, as the file has it; optimized, as it runs; or"
              + " the name of a pass, as that pass leaves it.")
  private @Nullable String stage;

  @Option(
      names = "--top",
      paramLabel = "N",
      converter = OptionValues.Top.class,
      description = "How many steps the table lists; 20 by default, 0 lists all.")
  private int top = 20;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    try (Inspection inspection = Inspection.of(model, load.options())) {
      if (stage != null) {
        output.print(new Stage(stage, GraphText.of(inspection.graph(stage))));
        return ExitCodes.OK;
      }
      output.print(answer(inspection));
    }
    return ExitCodes.OK;
  }

  private Answer answer(Inspection inspection) throws IOException {
    OnnxModel file = inspection.file();
    @Nullable Engine engine = null;
    @Nullable String refusal = null;
    try {
      engine = engine(inspection);
    } catch (ModelException e) {
      refusal = e.getMessage();
    }
    Map<String, Long> operators = new TreeMap<>();
    count(file.graph(), operators);
    return new Answer(
        model.toString(),
        Files.size(model),
        file.producer(),
        file.irVersion(),
        file.opsets(),
        ordered(operators),
        refusal == null,
        refusal,
        engine == null
            ? Ports.of(inspection.declaredInputs(), inspection.declaredOutputs())
            : engine.ports(),
        engine,
        top);
  }

  private Engine engine(Inspection inspection) {
    Graph imported = inspection.graph(Inspection.IMPORT);
    Graph optimized = inspection.graph(Inspection.OPTIMIZED);
    List<TensorSpec> specs = specs(imported, imported.inputs());
    List<TensorSpec> results = specs(imported, imported.outputs());
    Cost cost = Cost.of(imported);
    @Nullable Map<String, Shape> shapes = null;
    @Nullable Cost bound = null;
    List<Placement> steps = inspection.placements();
    if (inputs.areGiven() || imported.inputs().stream().allMatch(i -> isConcrete(imported, i))) {
      try {
        Case first = inputs.source().cases(specs, results).getFirst();
        shapes = first.shapes();
        bound = Cost.of(Inference.bind(optimized, shapes));
        steps = inspection.placements(shapes);
      } catch (ModelException e) {
        // inputs that do not fit are no refusal of the model
        throw inputs.areGiven() ? new IllegalArgumentException(e.getMessage(), e) : e;
      }
    }
    return new Engine(
        Ports.of(specs, results),
        cost.parameters(),
        cost.parameterBytes(),
        inspection.handover().orElse(null),
        kinds(optimized),
        shapes,
        bound == null ? null : bound.flops(),
        bound == null ? null : bound.activationBytes(),
        steps);
  }

  private static boolean isConcrete(Graph graph, String value) {
    return graph.fact(value).concreteShape() != null;
  }

  private static List<TensorSpec> specs(Graph graph, List<String> values) {
    return values.stream()
        .map(value -> {
          Fact fact = graph.fact(value);
          return new TensorSpec(value, fact.kind(), fact.dtype(), fact.shape());
        })
        .toList();
  }

  /// Counts the operators of a graph and of the graphs in it.
  private static void count(GraphProto graph, Map<String, Long> operators) {
    for (NodeProto node : graph.nodes()) {
      String domain = node.domain().isEmpty() ? "" : node.domain() + ".";
      operators.merge(domain + node.operator(), 1L, Long::sum);
      node.attributes()
          .values()
          .forEach(attribute -> {
            if (attribute instanceof GraphValue(GraphProto body)) {
              count(body, operators);
            }
          });
    }
  }

  private static Map<String, Long> kinds(Graph graph) {
    Map<String, Long> kinds = new TreeMap<>();
    graph.nodes().forEach(node -> kinds.merge(kind(node.op()), 1L, Long::sum));
    return ordered(kinds);
  }

  private static String kind(Op op) {
    String name = op.getClass().getSimpleName();
    return switch (op) {
      case Op.Unary unary -> name + "." + unary.function();
      case Op.Binary binary -> name + "." + binary.function();
      case Op.Reduce reduce -> name + "." + reduce.function();
      default -> name;
    };
  }

  /// {@return the counts, the largest first, equal ones by name}
  private static Map<String, Long> ordered(Map<String, Long> counts) {
    Map<String, Long> ordered = new LinkedHashMap<>();
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEachOrdered(count -> ordered.put(count.getKey(), count.getValue()));
    return ordered;
  }

  /// The graph at a stage.
  record Stage(String stage, String graph) implements Output.Answer {
    @Override
    public String text() {
      return graph.stripTrailing();
    }
  }

  /// An input or output; extents are numbers or names, null where even their number is unknown.
  record Value(String name, DType dtype, @Nullable List<Object> shape) {
    static Value of(TensorSpec spec) {
      List<Dim> dims = spec.shape();
      return new Value(
          spec.name(),
          spec.dtype(),
          dims == null
              ? null
              : dims.stream()
                  .map(dim ->
                      switch (dim) {
                        case Dim.Known known -> (Object) known.value();
                        case Dim.Symbol symbol -> symbol.name();
                      })
                  .toList());
    }

    String text() {
      return name + "  " + Fact.of(dtype, dims());
    }

    private @Nullable List<Dim> dims() {
      return shape == null
          ? null
          : shape.stream()
              .map(dim -> dim instanceof Long number ? Dim.of(number) : Dim.of(dim.toString()))
              .toList();
    }
  }

  /// What goes in and out, and the named dimensions of what goes in, each with the places where it
  /// stands.
  record Ports(List<Value> inputs, List<Value> outputs, Map<String, List<String>> dimensions) {
    static Ports of(List<TensorSpec> inputs, List<TensorSpec> outputs) {
      Map<String, List<String>> dimensions = new LinkedHashMap<>();
      for (TensorSpec input : inputs) {
        List<Dim> shape = input.shape();
        for (int i = 0; shape != null && i < shape.size(); i++) {
          if (shape.get(i) instanceof Dim.Symbol(String name)) {
            dimensions
                .computeIfAbsent(name, _ -> new ArrayList<>())
                .add(input.name() + "[" + i + "]");
          }
        }
      }
      return new Ports(
          inputs.stream().map(Value::of).toList(),
          outputs.stream().map(Value::of).toList(),
          dimensions);
    }

    String text() {
      StringBuilder text = new StringBuilder();
      inputs.forEach(input -> text.append("\ninput      ").append(input.text()));
      outputs.forEach(output -> text.append("\noutput     ").append(output.text()));
      dimensions.forEach((name, places) ->
          text.append("\ndimension  %s: %s".formatted(name, String.join(", ", places))));
      return text.toString();
    }
  }

  /// What the engine makes of the model; the operators are those that run, after all passes.
  record Engine(
      @JsonIgnore Ports ports,
      long parameters,
      long parameterBytes,
      @Nullable Handover handover,
      Map<String, Long> optimizedOperators,
      @Nullable Map<String, Shape> shapes,
      @Nullable Long flops,
      @Nullable Long activationBytes,
      List<Placement> steps) {
    String text() {
      StringBuilder text = new StringBuilder();
      text.append(
          "\nparameters %s, %s"
              .formatted(
                  Quantities.count((double) parameters).strip(), Quantities.bytes(parameterBytes)));
      text.append("\nruns as    ").append(counts(optimizedOperators));
      if (handover != null) {
        text.append("\nelsewhere  ").append(handover.text());
      }
      if (shapes == null) {
        return text.append("\na run      costs what the named dimensions decide: see --dim")
            .toString();
      }
      String extents =
          shapes.entrySet().stream()
              .map(shape -> shape.getKey() + Quantities.extents(shape.getValue()))
              .collect(Collectors.joining(" "));
      return text.append(
              "\na run      %sFLOP, %s between operators, for %s"
                  .formatted(
                      flops == null
                          ? "at least " + Quantities.count((double) knownFlops())
                          : Quantities.count((double) flops),
                      activationBytes == null ? "unknown" : Quantities.bytes(activationBytes),
                      extents))
          .toString();
    }

    private long knownFlops() {
      return steps.stream()
          .map(Placement::flops)
          .filter(Objects::nonNull)
          .mapToLong(Long::longValue)
          .sum();
    }
  }

  private static String counts(Map<String, Long> counts) {
    long nodes = counts.values().stream().mapToLong(Long::longValue).sum();
    return counts.entrySet().stream()
        .map(count -> count.getValue() + " " + count.getKey())
        .collect(Collectors.joining(", ", nodes + " nodes: ", ""));
  }

  /// What the file says, and what the engine makes of it.
  record Answer(
      String model,
      long bytes,
      String producer,
      long irVersion,
      Map<String, Long> opsets,
      Map<String, Long> operators,
      boolean supported,
      @Nullable String refusal,
      @JsonUnwrapped Ports ports,
      @JsonUnwrapped @Nullable Engine engine,
      @JsonIgnore int top)
      implements Output.Answer {
    @Override
    public String text() {
      String sets =
          opsets.entrySet().stream()
              .map(set -> (set.getKey().isEmpty() ? "" : set.getKey() + " ") + set.getValue())
              .collect(Collectors.joining(", "));
      return """
      model      %s, %s
      made by    %s, file version %d, operator set %s
      operators  %s\
      """
              .formatted(
                  Path.of(model).getFileName(),
                  Quantities.bytes(bytes),
                  producer.isEmpty() ? "unknown" : producer,
                  irVersion,
                  sets,
                  counts(operators))
          + ports.text()
          + (engine == null
              ? "\nrefused    " + refusal
              : engine.text() + "\n\n" + PlacementTable.of(engine.steps(), top));
    }
  }
}
