package dev.jiffy.server.store;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.server.schedule.Computation;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Several models and functions as one computation: each step takes values that the client brings
/// or that earlier steps gave. It is scheduled like a model, with one queue, and its steps run one
/// after the other on one thread, so that nothing piles up between them. Shared between threads.
///
/// A dimension that a value carries from one step into the next keeps its name, so that requests
/// can be computed together through all steps.
final class Ensemble implements Computation, AutoCloseable {
  private final List<Part> parts;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final List<TensorSpec> between;

  /// Who does a step.
  ///
  /// @param computation what it computes
  /// @param release lets go of it; run once
  record Held(Computation computation, Runnable release) {}

  /// A step, and who does it.
  private record Part(Held held, EnsembleSettings.Step step) {
    List<TensorSpec> takes() {
      return held.computation().inputs();
    }

    List<TensorSpec> gives() {
      return held.computation().outputs();
    }

    String source(TensorSpec input) {
      return step.inputs().getOrDefault(input.name(), input.name());
    }

    String target(TensorSpec output) {
      return step.outputs().getOrDefault(output.name(), output.name());
    }
  }

  private Ensemble(
      List<Part> parts,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      List<TensorSpec> between) {
    this.parts = parts;
    this.inputs = inputs;
    this.outputs = outputs;
    this.between = between;
  }

  /// {@return an ensemble, which holds its models until it is closed}
  ///
  /// @param settings its steps
  /// @param holder holds who does a step
  /// @throws ModelException if the steps do not fit each other
  static Ensemble of(EnsembleSettings settings, Function<EnsembleSettings.Who, Held> holder) {
    List<Part> parts = new ArrayList<>();
    try {
      for (EnsembleSettings.Step step : settings.steps()) {
        parts.add(new Part(holder.apply(step.who()), step));
      }
      return wired(parts, settings.outputs());
    } catch (RuntimeException | Error e) {
      parts.forEach(part -> part.held().release().run());
      throw e;
    }
  }

  private static Ensemble wired(List<Part> parts, List<String> wanted) {
    Map<String, TensorSpec> values = new LinkedHashMap<>();
    List<TensorSpec> inputs = new ArrayList<>();
    List<TensorSpec> between = new ArrayList<>();
    Set<String> given = new HashSet<>();
    Set<String> taken = new HashSet<>();
    for (Part part : parts) {
      checkNames(part);
      Map<String, Dim> names = new HashMap<>();
      List<TensorSpec> own = new ArrayList<>();
      for (TensorSpec input : part.takes()) {
        taken.add(part.source(input));
        TensorSpec value = values.get(part.source(input));
        if (value == null) {
          own.add(input);
        } else {
          match(part, input, value, names);
        }
      }
      String prefix = inputs.isEmpty() && given.isEmpty() ? "" : part.step().who().name() + ".";
      for (TensorSpec input : own) {
        TensorSpec value = renamed(input, part.source(input), names, prefix);
        inputs.add(value);
        values.put(value.name(), value);
      }
      for (TensorSpec input : part.takes()) {
        between.add(renamed(input, part.source(input), names, prefix));
      }
      for (TensorSpec output : part.gives()) {
        TensorSpec value = renamed(output, part.target(output), names, prefix);
        between.add(value);
        if (values.put(value.name(), value) != null) {
          throw wrong(part, "gives '%s', which is there already".formatted(value.name()));
        }
        given.add(value.name());
      }
    }
    return new Ensemble(
        List.copyOf(parts),
        List.copyOf(inputs),
        outputs(wanted, values, given, taken),
        List.copyOf(between));
  }

  private static List<TensorSpec> outputs(
      List<String> wanted, Map<String, TensorSpec> values, Set<String> given, Set<String> taken) {
    List<TensorSpec> outputs = new ArrayList<>();
    if (wanted.isEmpty()) {
      values.values().stream()
          .filter(value -> given.contains(value.name()) && !taken.contains(value.name()))
          .forEach(outputs::add);
      return List.copyOf(outputs);
    }
    for (String name : new java.util.LinkedHashSet<>(wanted)) {
      TensorSpec value = values.get(name);
      if (value == null || !given.contains(name)) {
        throw new ModelException(
            "outputs: expected some of %s, which steps give, got '%s'"
                .formatted(given.stream().sorted().toList(), name));
      }
      outputs.add(value);
    }
    return List.copyOf(outputs);
  }

  private static ModelException wrong(Part part, String what) {
    String kind =
        switch (part.step().who()) {
          case EnsembleSettings.Model _ -> "model";
          case EnsembleSettings.Function _ -> "function";
        };
    return new ModelException("steps: %s '%s' %s".formatted(kind, part.step().who().name(), what));
  }

  private static void checkNames(Part part) {
    List<String> takes = part.takes().stream().map(TensorSpec::name).toList();
    List<String> gives = part.gives().stream().map(TensorSpec::name).toList();
    part.step()
        .inputs()
        .keySet()
        .forEach(name -> {
          if (!takes.contains(name)) {
            throw wrong(part, "has inputs %s, got '%s'".formatted(takes, name));
          }
        });
    part.step()
        .outputs()
        .keySet()
        .forEach(name -> {
          if (!gives.contains(name)) {
            throw wrong(part, "has outputs %s, got '%s'".formatted(gives, name));
          }
        });
    for (TensorSpec spec : part.gives()) {
      if (spec.kind() != Value.Kind.TENSOR) {
        throw wrong(part, "gives '%s', which is no tensor".formatted(spec.name()));
      }
    }
  }

  /// Checks that a value fits an input, and learns what the input's dimensions are called outside.
  private static void match(Part part, TensorSpec input, TensorSpec value, Map<String, Dim> names) {
    List<Dim> takes = input.shape();
    List<Dim> brings = value.shape();
    boolean fits = input.dtype() == value.dtype();
    if (takes != null && brings != null) {
      fits &= takes.size() == brings.size();
      for (int i = 0; fits && i < takes.size(); i++) {
        Dim dim = takes.get(i);
        switch (dim) {
          case Dim.Symbol(String name) -> names.putIfAbsent(name, brings.get(i));
          case Dim.Known _ ->
              fits = !(brings.get(i) instanceof Dim.Known) || dim.equals(brings.get(i));
        }
      }
    }
    if (!fits) {
      throw wrong(
          part,
          "takes '%s' as %s%s, but '%s' is %s%s"
              .formatted(input.name(), input.dtype(), takes, value.name(), value.dtype(), brings));
    }
  }

  private static TensorSpec renamed(
      TensorSpec spec, String name, Map<String, Dim> names, String prefix) {
    List<Dim> dims = spec.shape();
    List<Dim> renamed = null;
    if (dims != null) {
      renamed = new ArrayList<>();
      for (Dim dim : dims) {
        renamed.add(
            dim instanceof Dim.Symbol(String symbol)
                ? names.computeIfAbsent(symbol, _ -> Dim.of(prefix + symbol))
                : dim);
      }
    }
    return new TensorSpec(name, spec.kind(), spec.dtype(), renamed, spec.labels());
  }

  @Override
  public List<TensorSpec> inputs() {
    return inputs;
  }

  @Override
  public List<TensorSpec> outputs() {
    return outputs;
  }

  @Override
  public List<TensorSpec> between() {
    return between;
  }

  @Override
  public boolean mayWait() {
    return parts.stream().anyMatch(part -> part.held().computation().mayWait());
  }

  @Override
  public Memory newMemory() {
    List<Memory> memories = new ArrayList<>();
    try {
      for (Part part : parts) {
        memories.add(part.held().computation().newMemory());
      }
    } catch (RuntimeException | Error e) {
      memories.forEach(Memory::close);
      throw e;
    }
    return new StepMemories(memories);
  }

  /// One thread's memory for every step.
  private final class StepMemories implements Memory {
    private final List<Memory> memories;

    StepMemories(List<Memory> memories) {
      this.memories = memories;
    }

    @Override
    public Map<String, Tensor> run(Map<String, Tensor> given) {
      Map<String, Tensor> values = new HashMap<>(given);
      for (int i = 0; i < memories.size(); i++) {
        Part part = parts.get(i);
        Map<String, Tensor> taken = new HashMap<>();
        for (TensorSpec input : part.takes()) {
          taken.put(input.name(), value(values, part.source(input)));
        }
        Map<String, Tensor> made = memories.get(i).run(taken);
        for (TensorSpec output : part.gives()) {
          values.put(part.target(output), value(made, output.name()));
        }
      }
      Map<String, Tensor> wanted = LinkedHashMap.newLinkedHashMap(outputs.size());
      for (TensorSpec output : outputs) {
        wanted.put(output.name(), value(values, output.name()));
      }
      return wanted;
    }

    private static Tensor value(Map<String, Tensor> values, String name) {
      Tensor value = values.get(name);
      if (value == null) {
        throw new ModelException("input '%s' is missing".formatted(name));
      }
      return value;
    }

    @Override
    public long bytes() {
      return memories.stream().mapToLong(Memory::bytes).sum();
    }

    @Override
    public void close() {
      memories.forEach(Memory::close);
    }
  }

  /// Lets go of the models. Called once.
  @Override
  public void close() {
    parts.forEach(part -> part.held().release().run());
  }
}
