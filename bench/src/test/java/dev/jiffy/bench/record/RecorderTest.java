package dev.jiffy.bench.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecorderTest {
  @Test
  void columnsBeginWhereTheySaySomething() {
    Recorder recorder = new Recorder();
    int count = 40_000; // three chunks
    for (int i = 0; i < count; i++) {
      boolean isPlain = i < 20_000;
      int row = recorder.begin(isPlain ? i : i - 5, isPlain ? i : i - 2, i, isPlain ? 0 : i);
      assertEquals(i, row);
      if (i == 30_000) {
        recorder.firstByte(row, i + 1);
        recorder.stage(row, "compute", 10);
        recorder.stage(row, "compute", 5);
        recorder.stage(row, "queue", 3);
      }
      recorder.end(row, i + 100, i % 2 == 0 || isPlain ? Outcome.OK : Outcome.BROKEN);
    }
    Recording recording = recorder.recording();
    assertEquals(count, recording.size());
    assertEquals(100, recording.responseNanos(19_999));
    assertEquals(105, recording.responseNanos(20_000));
    assertEquals(100, recording.serviceNanos(20_000));
    assertEquals(2, recording.lagNanos(39_999));
    assertEquals(0, recording.lagNanos(5));
    assertEquals(0, recording.sample(19_999));
    assertEquals(20_000, recording.sample(20_000));
    assertEquals(30_001, recording.firstByteNanos(30_000));
    assertEquals(Recording.UNKNOWN, recording.firstByteNanos(29_999));
    assertEquals(List.of("compute", "queue"), recording.stages());
    assertEquals(15, recording.stageNanos("compute", 30_000));
    assertEquals(Recording.UNKNOWN, recording.stageNanos("compute", 0));
    assertEquals(Recording.UNKNOWN, recording.stageNanos("absent", 0));
    assertEquals(Map.of(Outcome.OK, 30_000L, Outcome.BROKEN, 10_000L), recording.outcomes());
    assertTrue(recording.isOk(19_999));
    assertFalse(recording.isOk(20_001));
    assertEquals(count + 99, recording.endNanos());
  }

  @Test
  void whatHasNotEndedIsNoRecording() {
    Recorder recorder = new Recorder();
    recorder.end(recorder.begin(0, 0, 0, 0), 5, Outcome.OK);
    recorder.begin(1, 1, 1, 0);
    assertThrows(IllegalStateException.class, recorder::recording);
    assertFalse(recorder.isEnded(1));
    recorder.end(1, 9, Outcome.TIMEOUT);
    Recording recording = recorder.recording();
    assertEquals(Outcome.TIMEOUT, recording.outcome(1));
    assertEquals(Outcome.OK, recording.outcome(0));
    assertEquals(9, recording.completedNanos(1));
  }

  @Test
  void partsAreMergedInTheOrderOfTheSchedule() {
    Recorder even = new Recorder();
    Recorder odd = new Recorder();
    for (int i = 0; i < 10; i++) {
      Recorder recorder = i % 2 == 0 ? even : odd;
      int row = recorder.begin(i, i, i + 1, i);
      recorder.firstByte(row, i + 2);
      recorder.stage(row, "compute", i);
      recorder.end(row, i + 3, i == 3 ? Outcome.TIMEOUT : Outcome.OK);
    }
    Recording all = Recording.merged(List.of(odd.recording(), even.recording()));
    for (int i = 0; i < 10; i++) {
      assertEquals(i, all.scheduledNanos(i));
      assertEquals(i, all.sample(i));
      assertEquals(i, all.stageNanos("compute", i));
      assertEquals(i + 2, all.firstByteNanos(i));
      assertEquals(i == 3 ? Outcome.TIMEOUT : Outcome.OK, all.outcome(i));
    }
    Recording part = all.slice(3, 5);
    assertEquals(2, part.size());
    assertEquals(Outcome.TIMEOUT, part.outcome(0));
    assertEquals(4, part.stageNanos("compute", 1));
  }

  @Test
  void aQueryTakesAsLongAsTheLongestOfItsRequests() {
    Recorder recorder = new Recorder();
    for (int i = 0; i < 6; i++) {
      int row = recorder.begin(0, 0, 0, i);
      recorder.query(row, i / 3);
      recorder.end(row, i == 1 ? 50 : i, i == 4 ? Outcome.BROKEN : Outcome.OK);
    }
    Recording recording = recorder.recording();
    assertArrayEquals(new long[] {50, 70}, recording.queryNanos(Time.RESPONSE, 70));
    assertArrayEquals(new long[] {0, 50, 2, 3, 70, 5}, recording.nanos(Time.RESPONSE, 70));
  }

  @Test
  void statusesAreOutcomes() {
    assertEquals(Outcome.OK, Outcome.ofStatus(200));
    assertEquals(Outcome.OVERLOADED, Outcome.ofStatus(429));
    assertEquals(Outcome.OVERLOADED, Outcome.ofStatus(503));
    assertEquals(Outcome.TIMEOUT, Outcome.ofStatus(504));
    assertEquals(Outcome.SERVER_ERROR, Outcome.ofStatus(500));
    assertEquals(Outcome.BAD_REQUEST, Outcome.ofStatus(404));
    assertEquals("bad_request", Outcome.BAD_REQUEST.label());
  }
}
