package dev.jiffy.cli;

import dev.jiffy.engine.Rehearsal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The `jiffy` command: the root under which every other command stands.
///
/// A command is a `Callable<Integer>` that returns an exit code of [ExitCodes], writes its answer
/// through [Output], and throws when it cannot answer; [Failures] turns what it throws into one
/// line on standard error.
@Command(
    name = "jiffy",
    description = "Runs trained machine-learning models on the JVM.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:done, and what was checked holds",
      "1:it could not be done, or what was checked does not hold",
      "2:asked wrongly: an unknown command or option, or a value that cannot be read"
    })
final class Main implements Callable<Integer> {
  private static final List<Map.Entry<String, Supplier<Callable<Integer>>>> COMMANDS =
      List.of(
          Map.entry("demo", DemoCommand::new),
          Map.entry("run", RunCommand::new),
          Map.entry("inspect", InspectCommand::new),
          Map.entry("bench", BenchCommand::new),
          Map.entry("compare", CompareCommand::new),
          Map.entry("load", LoadCommand::new),
          Map.entry("report", ReportCommand::new),
          Map.entry("overhead", OverheadCommand::new),
          Map.entry("profile", ProfileCommand::new),
          Map.entry("conformance", ConformanceCommand::new),
          Map.entry("serve", ServeCommand::new));

  /// The commands whose first answers are waited for. Those that measure have the engine as it is
  /// in a program that embeds it.
  private static final Set<String> REHEARSED = Set.of("demo", "run", "serve");

  private static final Duration REHEARSAL = Duration.ofMillis(600);

  @Spec private @Nullable CommandSpec spec;

  /// Runs the command that `args` name and ends the process with its exit code.
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    if (args.length > 0 && REHEARSED.contains(args[0])) {
      Rehearsal.start(REHEARSAL);
    }
    try {
      System.exit(commandLine(args).execute(args));
    } catch (OutOfMemoryError e) {
      System.err.println("jiffy: not enough memory: " + e.getMessage());
      System.exit(ExitCodes.FAILURE);
    } catch (Throwable e) { // event loops would keep the process alive
      System.err.println("jiffy: this is a fault of Jiffy, please report it:");
      e.printStackTrace();
      System.exit(ExitCodes.FAILURE);
    }
  }

  /// {@return a fresh command line that holds every command, or only the one that the arguments
  /// begin with: reading the options of all of them takes longer than many a run}
  ///
  /// @param args what will be executed
  static CommandLine commandLine(String... args) {
    return commandLine(System.getenv(), args);
  }

  /// {@return the same, in an environment}
  ///
  /// @param variables the variables of the environment
  /// @param args what will be executed
  static CommandLine commandLine(Map<String, String> variables, String... args) {
    String first = args.length == 0 ? "" : args[0];
    boolean isNamed = COMMANDS.stream().anyMatch(command -> command.getKey().equals(first));
    CommandLine line = new CommandLine(new Main());
    for (Map.Entry<String, Supplier<Callable<Integer>>> command : COMMANDS) {
      if (!isNamed || command.getKey().equals(first)) {
        line.addSubcommand(command.getKey(), command.getValue().get());
      }
    }
    CommandLine serve = line.getSubcommands().get("serve");
    if (serve != null) {
      serve.setDefaultValueProvider(new Configuration(List.of(args), variables));
    }
    return line.setExecutionExceptionHandler(new Failures())
        .setParameterExceptionHandler((failure, given) -> Failures.misuse(failure))
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("not run by a command line");
    }
    throw new ParameterException(spec.commandLine(), "Missing COMMAND.");
  }

  /// The version of Jiffy, and of the Java that runs it.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "jiffy %s (Java %s, %s)"
            .formatted(
                version == null ? "development" : version,
                System.getProperty("java.version"),
                System.getProperty("os.arch"))
      };
    }
  }
}
