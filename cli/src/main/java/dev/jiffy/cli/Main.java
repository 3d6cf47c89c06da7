package dev.jiffy.cli;

import java.util.concurrent.Callable;
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
    },
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      InspectCommand.class,
      BenchCommand.class,
      CompareCommand.class,
      ProfileCommand.class,
      ConformanceCommand.class,
      ServeCommand.class
    })
final class Main implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  /// Runs the command that `args` name and ends the process with its exit code.
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /// {@return a fresh command line that holds every command}
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler(new Failures())
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
