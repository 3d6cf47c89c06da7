package dev.jiffy.server.schedule;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A batch in the JDK's flight recorder, from when it was taken out of the line until all its
/// requests were handed their answers.
@Name("jiffy.Batch")
@Label("Batch")
@Description("Requests that were computed together")
@Category("Jiffy")
@StackTrace(false)
final class BatchEvent extends Event {
  @Label("Model")
  String model = "";

  @Label("Requests")
  int requests;

  @Label("Rows")
  int rows;

  @Label("Answered")
  int answered;

  @Label("Trial")
  @Description("Whether some requests were also computed alone, to compare the bits")
  boolean isTrial;

  /// Ends the batch, and writes it if a recording wants it.
  void end(String name, Batch batch) {
    if (shouldCommit()) {
      model = name;
      requests = batch.tickets().size();
      rows = batch.rows();
      answered = batch.answered();
      isTrial = batch.trial() != Batch.Trial.NO;
      commit();
    }
  }
}
