package dev.jiffy.cli;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.CaseFolder;
import dev.jiffy.bench.Comparison;
import dev.jiffy.bench.load.Inputs;
import dev.jiffy.bench.load.Lengths;
import dev.jiffy.bench.load.ModelSubject;
import dev.jiffy.bench.load.Requests;
import dev.jiffy.bench.load.Served;
import dev.jiffy.bench.load.ServerApi;
import dev.jiffy.bench.load.Subject;
import dev.jiffy.bench.load.ThreadSubject;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options that say what requests are made of.
final class RequestMixin extends Mixed {
  private static final String[] ALL = {
    "--model", "--api", "--channels", "--case", "--jsonl", "--texts", "--shape", "--dim", "--inputs"
  };

  /// How a server is asked.
  enum Api {
    /// The Open Inference Protocol, tensors as bytes behind the JSON.
    BINARY(ServerApi.V2_BINARY),
    /// The Open Inference Protocol, tensors as JSON.
    JSON(ServerApi.V2_JSON),
    /// The Open Inference Protocol over gRPC.
    GRPC(ServerApi.V2_GRPC),
    /// OpenAI's embeddings.
    OPENAI(ServerApi.OPENAI);

    private final ServerApi server;

    Api(ServerApi server) {
      this.server = server;
    }
  }

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description =
          "The model's name at the server; where it serves only one, that one by default.")
  private @Nullable String model;

  @Option(
      names = "--api",
      paramLabel = "API",
      description = {
        "How a server is asked: binary, the Open Inference Protocol with tensors as bytes and the"
            + " default; json, the same as JSON; grpc, the same as calls of gRPC; openai, embeddings of texts."
      })
  private Api api = Api.BINARY;

  @Option(
      names = "--channels",
      paramLabel = "N",
      converter = LoadValues.Count.class,
      description = "The connections that calls of gRPC share; 1 by default.")
  private int channels = 1;

  @Option(
      names = "--case",
      paramLabel = "DIR",
      description =
          "Recorded inputs: a folder with input_0.pb, ..., or one with several such folders.")
  private final List<Path> folders = new ArrayList<>();

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description = "Bodies of requests as they are sent, one JSON object a line.")
  private @Nullable Path lines;

  @Option(
      names = "--texts",
      paramLabel = "FILE",
      description = "Texts for --api openai, one a line.")
  private @Nullable Path texts;

  @Option(
      names = "--shape",
      paramLabel = "INPUT=EXTENTS",
      split = ",",
      converter = {OptionValues.Name.class, LoadValues.Template.class},
      description =
          "The extents of a made-up input, numbers or names of --dim, as in input_ids=1xseq.")
  private final Map<String, List<String>> shapes = new LinkedHashMap<>();

  @Option(
      names = "--dim",
      paramLabel = "NAME=LENGTHS",
      split = ",",
      converter = {OptionValues.Name.class, LoadValues.LengthForms.class},
      description = "The length of a named dimension of made-up inputs: " + Lengths.FORMS + ".")
  private final Map<String, Lengths> dims = new LinkedHashMap<>();

  @Option(
      names = "--inputs",
      paramLabel = "N",
      converter = LoadValues.Count.class,
      description = "How many made-up inputs there are, if their lengths vary; 64 by default.")
  private int count = 64;

  @Option(
      names = "--check",
      description = "Hold every answer against the recorded one; a wrong one is an error.")
  private boolean checks;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      converter = OptionValues.Tolerance.class,
      description = "How far numbers may be off, absolute or relative; 1e-4 by default.")
  private double tolerance = Comparison.TOLERANCE;

  /// {@return what is to be measured}
  ///
  /// @param target what the user named
  /// @param options how a model is loaded into this process
  /// @param slots the most requests under way
  /// @param mustCheck whether answers must be held against known ones
  /// @param seed decides the lengths of made-up inputs
  /// @throws ParameterException if that cannot be asked, or an option is without effect
  Measured subject(String target, LoadOptions options, int slots, boolean mustCheck, long seed) {
    Double within = checks || mustCheck ? (Double) tolerance : null;
    if (within == null) {
      Ignored.refuse(command(), "no answer is checked", "--tolerance");
    }
    if (target.equals("null")) {
      refuseToCheck(within, "'null'");
      Ignored.refuse(command(), "'null' is asked nothing", ALL);
      return new Measured(ThreadSubject.nothing(slots), () -> {});
    }
    if (isServer(target)) {
      return new Measured(server(URI.create(target), slots, within, seed), () -> {});
    }
    Ignored.refuse(
        command(),
        "the model runs in this process",
        "--model",
        "--api",
        "--channels",
        "--jsonl",
        "--texts");
    Model loaded = Model.load(Path.of(target), options);
    try {
      List<Case> cases = cases(loaded.inputs(), loaded.outputs(), within, seed);
      return new Measured(
          new ModelSubject(
              Path.of(target).getFileName() + " in this process", loaded, cases, slots, within),
          loaded::close);
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
  }

  /// {@return whether what the user named is a server's address}
  static boolean isServer(String target) {
    return target.startsWith("http:") || target.startsWith("https:") || target.startsWith("unix:");
  }

  private Subject server(URI server, int slots, @Nullable Double within, long seed) {
    if (server.getHost() == null && !"unix".equals(server.getScheme())) {
      throw usage("'" + server + "' is no address such as http://localhost:8000.");
    }
    String named = model == null ? onlyModel(server) : model;
    if (api != Api.GRPC) {
      Ignored.refuse(command(), "--api grpc alone has channels", "--channels");
    }
    if (lines != null) {
      refuseToCheck(within, "--jsonl");
      Ignored.refuse(
          command(),
          "--jsonl has whole requests",
          "--texts",
          "--case",
          "--shape",
          "--dim",
          "--inputs");
      return Requests.lines(server, named, api.server, lines, slots, channels);
    }
    if (api == Api.OPENAI) {
      if (texts == null) {
        throw usage("--api openai takes --texts or --jsonl.");
      }
      refuseToCheck(within, "--texts");
      Ignored.refuse(command(), "texts have no shapes", "--case", "--shape", "--dim", "--inputs");
      return Requests.texts(server, named, Requests.read(texts), slots);
    }
    Ignored.refuse(command(), "texts are for --api openai", "--texts");
    Served served = Served.ask(server, named, api.server);
    List<Case> cases = cases(served.inputs(), served.outputs(), within, seed);
    return Requests.tensors(server, named, api.server, cases, within, slots, channels);
  }

  private String onlyModel(URI server) {
    List<String> names;
    try {
      names = Served.names(server);
    } catch (UncheckedIOException e) {
      IOException why = e.getCause();
      if (why == null || why.getCause() instanceof IOException) { // nobody answers
        throw e;
      }
      throw usage("Which model of the server? Give --model: %s.".formatted(why.getMessage()));
    }
    if (names.size() != 1) {
      throw usage(
          names.isEmpty()
              ? "No model of the server is ready."
              : "Which model of the server? Give --model, one of %s."
                  .formatted(String.join(", ", names)));
    }
    return names.getFirst();
  }

  private List<Case> cases(
      List<TensorSpec> inputs, List<TensorSpec> outputs, @Nullable Double within, long seed) {
    if (!folders.isEmpty()) {
      Ignored.refuse(command(), "--case brings its own inputs", "--shape", "--dim", "--inputs");
      List<Case> cases = Inputs.of(folders.stream().map(CaseFolder::new).toList(), inputs, outputs);
      if (within != null && cases.stream().anyMatch(each -> each.expected().isEmpty())) {
        throw usage("Answers are to be checked, but not every case has one.");
      }
      return cases;
    }
    if (within != null) {
      throw usage("To check answers, give recorded ones with --case.");
    }
    return Inputs.synthetic(inputs, shapes, dims, count, seed);
  }

  private void refuseToCheck(@Nullable Double within, String requests) {
    if (within != null) {
      throw usage(
          "--check and --accuracy hold answers against those of --case; none are known for "
              + requests
              + ".");
    }
  }
}
