package dev.jiffy.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import dev.jiffy.engine.Device;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Limits;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.OsThread;
import dev.jiffy.engine.Precision;
import dev.jiffy.engine.TensorSpec;
import java.io.ObjectInputStream;
import java.net.URL;
import java.net.URLConnection;
import java.util.List;
import java.util.stream.Stream;

/// The rules of direction and the bans, over every class of Jiffy. `module-info` already holds the
/// directions between modules; here are those between the packages of one.
@AnalyzeClasses(packages = "dev.jiffy", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ENGINE = "dev.jiffy.engine";

  @ArchTest
  static void everyModuleIsRead(JavaClasses all) {
    for (String module : List.of("tensor", "engine", "onnxruntime", "cli")) {
      assertTrue(
          all.stream().anyMatch(resideInAPackage("dev.jiffy." + module + "..")),
          () -> "no class of module " + module);
    }
  }

  @ArchTest static final ArchRule functionUses = engine("function");
  @ArchTest static final ArchRule foreignUses = engine("foreign");
  @ArchTest static final ArchRule systemUses = engine("system");
  @ArchTest static final ArchRule irUses = engine("ir", "function", "foreign");
  @ArchTest static final ArchRule kernelUses = engine("kernel", "function", "system");
  @ArchTest static final ArchRule onnxUses = engine("onnx", "ir", "function", "foreign");
  @ArchTest static final ArchRule passUses = engine("pass", "ir", "function");

  @ArchTest
  static final ArchRule lowerUses = engine("lower", "ir", "kernel", "function", "foreign");

  @ArchTest static final ArchRule runUses = engine("run", "lower", "ir", "kernel", "function");

  @ArchTest static final ArchRule scalarUses = kernel("scalar");
  @ArchTest static final ArchRule tileUses = kernel("tile");
  @ArchTest static final ArchRule vectorUses = kernel("vector", "tile", "scalar");
  @ArchTest static final ArchRule x86Uses = kernel("x86", "tile");

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("dev.jiffy.(*).(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule vectorApiInOnePackage =
      noClasses()
          .that()
          .resideOutsideOfPackage(ENGINE + ".kernel.vector..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator.vector..");

  /// A vector that crosses a call which is not inlined becomes an object: see decision 6. The
  /// classes that may have such methods keep them below the size that the JIT compiler always
  /// inlines.
  @ArchTest
  static final ArchRule vectorsStayInTheirLoops =
      noMethods()
          .that()
          .areDeclaredInClassesThat()
          .resideInAPackage(ENGINE + ".kernel.vector..")
          .and()
          .areDeclaredInClassesThat()
          .haveNameNotMatching(".*(VectorMath|[.]Tails)")
          .should(takeOrReturnVectors());

  @ArchTest
  static final ArchRule onnxRuntimeInOneModule =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.jiffy.onnxruntime..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule operatorsAreRecords =
      classes()
          .that()
          .areAssignableTo(ENGINE + ".ir.Op")
          .and()
          .areNotInterfaces()
          .should()
          .beRecords();

  @ArchTest
  static final ArchRule namesSayWhatAThingIs =
      noClasses()
          .should()
          .haveNameMatching(
              ".*(Impl|Util|Utils|Helper|Manager|Processor|Data|Info)(\\$.*)?|.*[.$]Abstract[A-Z].*");

  @ArchTest
  static final ArchRule onlyTheCommandsPrint =
      noClasses().that().resideOutsideOfPackage("dev.jiffy.cli..").should(ACCESS_STANDARD_STREAMS);

  @ArchTest
  static final ArchRule onlyTheCommandsExit =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.jiffy.cli..")
          .should()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .callMethod(Runtime.class, "exit", int.class)
          .orShould()
          .callMethod(Runtime.class, "halt", int.class);

  @ArchTest
  static final ArchRule nothingIsReadAsAnObject =
      noClasses().should().dependOnClassesThat().areAssignableTo(ObjectInputStream.class);

  /// What a client names is never fetched: of all that serves, only the collector's exporter, which
  /// is a library, opens connections.
  @ArchTest
  static final ArchRule nothingIsFetched =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.jiffy.tensor..",
              ENGINE + "..",
              "dev.jiffy.pipeline..",
              "dev.jiffy.protocol..",
              "dev.jiffy.server..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.net.http..")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(URLConnection.class)
          .orShould()
          .callMethod(URL.class, "openStream");

  @ArchTest
  static final ArchRule failuresSayWhoseTheyAre = NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;

  @ArchTest
  static final ArchRule noStreamsOnTheHotPath =
      noClasses()
          .that()
          .resideInAnyPackage(ENGINE + ".kernel..", ENGINE + ".run..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.util.stream..");

  /// A package of the engine uses, of the engine, itself, the packages named, and the words of the
  /// public face that say what is wanted and what is wrong; never `Model` or `Session`.
  private static ArchCondition<JavaMethod> takeOrReturnVectors() {
    return ArchCondition.from(
        DescribedPredicate.describe(
            "take or return vectors",
            method ->
                Stream.concat(
                        Stream.of(method.getRawReturnType()),
                        method.getRawParameterTypes().stream())
                    .map(JavaClass::getFullName)
                    .anyMatch(
                        name -> name.matches("jdk\\.incubator\\.vector\\.\\w*Vector(Mask)?"))));
  }

  private static ArchRule engine(String name, String... uses) {
    String itself = ENGINE + "." + name + "..";
    String[] used =
        Stream.concat(Stream.of(itself), Stream.of(uses).map(use -> ENGINE + "." + use + ".."))
            .toArray(String[]::new);
    DescribedPredicate<JavaClass> face =
        belongToAnyOf(
            Device.class,
            EngineChoice.class,
            KernelPath.class,
            Limits.class,
            LoadOptions.class,
            ModelException.class,
            OsThread.class,
            Precision.class,
            TensorSpec.class);
    return noClasses()
        .that()
        .resideInAPackage(itself)
        .should()
        .dependOnClassesThat(
            resideInAPackage(ENGINE + "..").and(not(resideInAnyPackage(used).or(face))))
        .as("engine." + name + " uses only " + List.of(uses))
        .allowEmptyShould(true);
  }

  /// A package of kernels uses, of all kernels, itself, the interfaces, and the packages named.
  private static ArchRule kernel(String name, String... uses) {
    String kernel = ENGINE + ".kernel";
    String itself = kernel + "." + name + "..";
    String[] used =
        Stream.concat(
                Stream.of(kernel, itself), Stream.of(uses).map(use -> kernel + "." + use + ".."))
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(itself)
        .should()
        .dependOnClassesThat(resideInAPackage(kernel + "..").and(not(resideInAnyPackage(used))))
        .as("engine.kernel." + name + " uses, of the kernels, only " + List.of(uses))
        .allowEmptyShould(true);
  }
}
