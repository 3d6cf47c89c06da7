package dev.jiffy.server.store;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.pipeline.TextPipeline;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.TensorMetadata;
import dev.jiffy.server.schedule.Computation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A model under the name by which clients ask for it, with its text pipeline if a tokenizer lies
/// beside it. Shared between threads.
public final class LoadedModel implements AutoCloseable {
  /// The version of a model that comes without one.
  public static final long FIRST = 1;

  /// What a model's name must be, for messages.
  static final String NAME_RULE =
      "a model's name is 1 to 128 of A-Z a-z 0-9 . _ -, and does not begin with a dot";

  private static final String PLATFORM = "onnx_onnxv1";

  /// Not `ensemble`: of that, clients such as perf_analyzer read Triton's schedule of its steps,
  /// which there is none of.
  private static final String ENSEMBLE = "jiffy_ensemble";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

  private final String name;
  private final String version;
  private final @Nullable Model model;
  private final Computation computation;
  private final @Nullable Ensemble ensemble;
  private final @Nullable TextPipeline text;
  private final ModelMetadata metadata;
  private final long loadNanos;

  private LoadedModel(
      String name, long version, Model model, @Nullable TextPipeline text, long loadNanos) {
    this(name, version, PLATFORM, model, null, Computation.of(model), text, loadNanos);
  }

  private LoadedModel(
      String name,
      long version,
      String platform,
      @Nullable Model model,
      @Nullable Ensemble ensemble,
      Computation computation,
      @Nullable TextPipeline text,
      long loadNanos) {
    this.name = name;
    this.version = Long.toString(version);
    this.model = model;
    this.ensemble = ensemble;
    this.computation = computation;
    this.text = text;
    this.loadNanos = loadNanos;
    this.metadata =
        new ModelMetadata(
            name,
            List.of(this.version),
            platform,
            tensors(computation.inputs()),
            tensors(computation.outputs()));
  }

  /// {@return models that answer one after the other, under a name of their own}
  ///
  /// @param name the name for clients
  /// @param ensemble the models; closed with the result
  static LoadedModel of(String name, Ensemble ensemble) {
    return new LoadedModel(name, FIRST, ENSEMBLE, null, ensemble, ensemble, null, 0);
  }

  /// {@return whether a model may have a name}
  ///
  /// @param name the name
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /// {@return the first version of the model in an ONNX file}
  ///
  /// @param name the name for clients: 1 to 128 letters, digits, dots, dashes and underscores, no
  ///   dot at the beginning
  /// @param file the file
  /// @param options how to load it
  /// @throws IllegalArgumentException if the name has other characters
  /// @throws ModelException if the model or its tokenizer cannot be loaded
  public static LoadedModel load(String name, Path file, LoadOptions options) {
    return load(name, FIRST, file, options);
  }

  /// {@return the model in an ONNX file}
  ///
  /// @param name the name for clients: 1 to 128 letters, digits, dots, dashes and underscores, no
  ///   dot at the beginning
  /// @param version the version, at least 1
  /// @param file the file
  /// @param options how to load it
  /// @throws IllegalArgumentException if the name has other characters
  /// @throws ModelException if the model or its tokenizer cannot be loaded
  public static LoadedModel load(String name, long version, Path file, LoadOptions options) {
    if (!isName(name)) {
      throw new IllegalArgumentException("%s, got '%s'".formatted(NAME_RULE, name));
    }
    long start = System.nanoTime();
    Model model = Model.load(file, options);
    try {
      TextPipeline text = TextPipeline.fits(file, model) ? TextPipeline.open(file, model) : null;
      return new LoadedModel(name, version, model, text, System.nanoTime() - start);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /// {@return the name for the model in a file: the file's without ending, or its folder's if the
  /// file is called `model.onnx`}
  ///
  /// @param file the file
  public static String nameOf(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    String name = String.valueOf(absolute.getFileName()).replaceFirst("\\.onnx$", "");
    Path folder = absolute.getParent();
    Path folderName = folder == null ? null : folder.getFileName();
    return (name.equals("model") && folderName != null ? folderName.toString() : name)
        .replaceAll("[^A-Za-z0-9._-]|^\\.", "-");
  }

  private static List<TensorMetadata> tensors(List<TensorSpec> specs) {
    List<TensorMetadata> tensors = new ArrayList<>();
    for (TensorSpec spec : specs) {
      List<Long> shape = new ArrayList<>();
      if (spec.shape() == null) {
        shape.add(-1L);
      } else {
        for (Dim dim : spec.shape()) {
          shape.add(dim instanceof Dim.Known(long value) ? value : -1L);
        }
      }
      tensors.add(new TensorMetadata(spec.name(), spec.dtype(), shape));
    }
    return tensors;
  }

  /// {@return the name by which clients ask for the model}
  public String name() {
    return name;
  }

  /// {@return the version, a whole number}
  public String version() {
    return version;
  }

  /// {@return what the model takes}
  public List<TensorSpec> inputs() {
    return computation.inputs();
  }

  /// {@return what the model gives}
  public List<TensorSpec> outputs() {
    return computation.outputs();
  }

  /// {@return the model of the engine}
  ///
  /// @throws IllegalStateException if it is an ensemble of other ones
  public Model model() {
    if (model == null) {
      throw new IllegalStateException("an ensemble has no model of its own");
    }
    return model;
  }

  /// {@return what computes its requests for tensors}
  public Computation computation() {
    return computation;
  }

  /// {@return whether it is an ensemble of other models}
  boolean isEnsemble() {
    return ensemble != null;
  }

  /// {@return the bytes of its own weights in the form that kernels read}
  public long packedBytes() {
    return model == null ? 0 : model.packedBytes();
  }

  /// {@return the model's text pipeline, null if no tokenizer lies beside it}
  public @Nullable TextPipeline text() {
    return text;
  }

  /// {@return what clients are told of the model}
  public ModelMetadata metadata() {
    return metadata;
  }

  /// {@return how long loading took}
  public long loadNanos() {
    return loadNanos;
  }

  /// Releases the pipeline and the weights. Sessions must be closed first. Idempotent.
  @Override
  public void close() {
    if (text != null) {
      text.close();
    }
    if (model != null) {
      model.close();
    }
    if (ensemble != null) {
      ensemble.close();
    }
  }
}
