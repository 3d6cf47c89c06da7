/// Who is computed when and with whom: [dev.jiffy.server.schedule.Ticket] → batch →
/// [dev.jiffy.server.schedule.Outcome], on owner threads behind one bounded queue for each model.
///
/// [dev.jiffy.server.schedule.Scheduler] is the face, for the server and for Java programs. What
/// decides is in `Line`, which has no threads and no clock of its own.
package dev.jiffy.server.schedule;
