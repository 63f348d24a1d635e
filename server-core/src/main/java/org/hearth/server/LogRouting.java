package org.hearth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Where the lines go that the code writes with `System.Logger`: to the standard error stream, to a
/// file in the data folder (10 files of 10 MB at most), and to the [LogTail] that the panel shows.
/// One line for each request goes to a file of its own, `access.log`, and nowhere else: address,
/// route, status, time and user, but no token and nothing of what was said.
///
/// Found by Logback as a service. It is code rather than XML because an XML parser at every start
/// costs a tenth of a second.
public final class LogRouting extends ContextAwareBase implements Configurator {
  /// The name of the logger of what the program's own words on the terminal say.
  static final String TOLD = LogRouting.class.getPackageName() + ".Told";

  /// What is not for the terminal, where whoever meets it says it in words for people: that, and
  /// what Derby and the pool of its connections say of a fault. Nor is what others say of a store
  /// that has failed.
  private static final Set<String> NOT_FOR_THE_TERMINAL =
      Set.of(TOLD, "derby", "com.zaxxer.hikari.pool.ProxyConnection");

  private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %-24.24logger{0} %msg%n";
  private static final String ACCESS = "org.hearth.access";
  private static final String CONSOLE = "console";
  private static final String FILE = "file";
  private static final int WAITING_LINES = 8192;
  private static final String ROOT_PACKAGE = LogRouting.class.getPackageName() + ".";

  /// Made by Logback.
  public LogRouting() {}

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setName(CONSOLE);
    console.setTarget("System.err");
    console.setEncoder(started(new OfTheStoreOnlyTheLine(), context, PATTERN));
    console.addFilter(started(new ForTheTerminal()));
    console.start();

    AppenderBase<ILoggingEvent> tail = new TailAppender(LogTail.OF_THIS_PROCESS);
    tail.setContext(context);
    tail.setName("tail");
    tail.start();

    var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(console);
    root.addAppender(tail);
    context.getLogger("org.hearth").setLevel(Level.INFO);
    // Flyway warns at each start that it does not know so new a Derby, and at the first start that
    // a statement of a migration changed no row. Nobody can or need do anything about either.
    context.getLogger("org.flywaydb.core.internal.database.base.Database").setLevel(Level.ERROR);
    context
        .getLogger("org.flywaydb.core.internal.sqlscript.DefaultSqlScriptExecutor")
        .setLevel(Level.ERROR);
    // Lucene, which writes to the log of the JDK, would rather have a module that is in incubation.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    context.getLogger("org.apache.lucene.internal.vectorization").setLevel(Level.ERROR);
    // JavaFX warns of every start from the class path that it would rather be on the module path.
    context.getLogger("javafx").setLevel(Level.ERROR);
    context.getLogger("javafx.css").setLevel(Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /// From now on also to a file in this folder.
  ///
  /// @param folder the data folder's `logs/`
  static void alsoTo(Path folder) {
    if (!(org.slf4j.LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Logger access = context.getLogger(ACCESS);
    // Logback opens no file twice: what was opened for an earlier start is closed first.
    end(root);
    end(access);
    root.addAppender(
        file(
            context,
            folder,
            "hearth",
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger %msg%n"));
    access.setAdditive(false);
    access.setLevel(Level.DEBUG);
    AsyncAppender aside = new AsyncAppender();
    aside.setContext(context);
    aside.setName(FILE + "-aside");
    aside.setQueueSize(WAITING_LINES);
    aside.setDiscardingThreshold(0);
    // No request waits until its line is written: when there are too many, some are lost.
    aside.setNeverBlock(true);
    aside.addAppender(file(context, folder, "access", "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %msg%n"));
    aside.start();
    access.addAppender(aside);
  }

  /// From now on only warnings and worse to the standard error stream: for commands that open the
  /// database for a moment.
  public static void onlyWarnings() {
    if (org.slf4j.LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      Appender<ILoggingEvent> console =
          context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender(CONSOLE);
      if (console != null) {
        ThresholdFilter warnings = new ThresholdFilter();
        warnings.setLevel(Level.WARN.levelStr);
        console.addFilter(started(warnings));
      }
    }
  }

  /// From now on to no file: those that were written can be removed.
  static void toNoFile() {
    if (org.slf4j.LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      end(context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME));
      end(context.getLogger(ACCESS));
    }
  }

  private static void end(Logger logger) {
    Appender<ILoggingEvent> before = appender(logger);
    if (before != null) {
      logger.detachAppender(before);
      if (before instanceof AsyncAppender aside) {
        aside.stop();
        aside.detachAndStopAllAppenders();
      } else {
        before.stop();
      }
    }
  }

  private static @Nullable Appender<ILoggingEvent> appender(Logger logger) {
    for (var all = logger.iteratorForAppenders(); all.hasNext(); ) {
      Appender<ILoggingEvent> each = all.next();
      if (String.valueOf(each.getName()).startsWith(FILE)) {
        return each;
      }
    }
    return null;
  }

  /// A file that is begun anew when it is 10 MB long; ten of them are kept.
  private static RollingFileAppender<ILoggingEvent> file(
      LoggerContext context, Path folder, String name, String pattern) {
    RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
    file.setContext(context);
    file.setName(FILE + "-" + name);
    file.setFile(folder.resolve(name + ".log").toString());
    file.setEncoder(encoder(context, pattern));
    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(file);
    window.setFileNamePattern(folder.resolve(name + ".%i.log").toString());
    window.setMinIndex(1);
    window.setMaxIndex(9);
    window.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(FileSize.valueOf("10MB"));
    size.start();
    file.setRollingPolicy(window);
    file.setTriggeringPolicy(size);
    file.start();
    return file;
  }

  private static Filter<ILoggingEvent> started(Filter<ILoggingEvent> filter) {
    filter.start();
    return filter;
  }

  private static PatternLayoutEncoder encoder(LoggerContext context, String pattern) {
    return started(new WithoutPages(), context, pattern);
  }

  private static PatternLayoutEncoder started(
      PatternLayoutEncoder encoder, LoggerContext context, String pattern) {
    encoder.setContext(context);
    encoder.setPattern(pattern);
    encoder.start();
    return encoder;
  }

  private static final class ForTheTerminal extends Filter<ILoggingEvent> {
    @Override
    public FilterReply decide(ILoggingEvent event) {
      return NOT_FOR_THE_TERMINAL.contains(event.getLoggerName())
              || (event.getThrowableProxy() instanceof ThrowableProxy thrown
                  && StorageException.isTold(thrown.getThrowable()))
          ? FilterReply.DENY
          : FilterReply.NEUTRAL;
    }
  }

  /// Leaves out what Derby, and who logs its exceptions, says of the bytes of a damaged page.
  private static class WithoutPages extends PatternLayoutEncoder {
    @Override
    public byte[] encode(ILoggingEvent event) {
      return text(event).getBytes(UTF_8);
    }

    String text(ILoggingEvent event) {
      return StorageException.withoutPages(getLayout().doLayout(event));
    }
  }

  /// Where the database is damaged or cannot be used, many threads fail at once: the terminal has a
  /// line for each, and the file the stack traces.
  private static final class OfTheStoreOnlyTheLine extends WithoutPages {
    @Override
    String text(ILoggingEvent event) {
      String text = super.text(event);
      return event.getThrowableProxy() instanceof ThrowableProxy thrown
              && StorageException.isOfTheStore(thrown.getThrowable())
          ? text.lines().limit(1).collect(Collectors.joining()) + System.lineSeparator()
          : text;
    }
  }

  private static final class TailAppender extends AppenderBase<ILoggingEvent> {
    private final LogTail tail;

    TailAppender(LogTail tail) {
      this.tail = tail;
    }

    @Override
    protected void append(ILoggingEvent event) {
      IThrowableProxy thrown = event.getThrowableProxy();
      String message =
          thrown == null
              ? event.getFormattedMessage()
              : event.getFormattedMessage() + '\n' + ThrowableProxyUtil.asString(thrown);
      tail.add(
          event.getInstant(),
          level(event.getLevel()),
          component(event.getLoggerName()),
          StorageException.withoutPages(message));
    }

    private static LogLine.Level level(Level level) {
      return switch (level.toInt()) {
        case Level.ERROR_INT -> LogLine.Level.ERROR;
        case Level.WARN_INT -> LogLine.Level.WARNING;
        case Level.INFO_INT -> LogLine.Level.INFO;
        default -> LogLine.Level.DEBUG;
      };
    }

    /// The package of ours that the logger lies in, or the library's name.
    private static String component(String logger) {
      if (!logger.startsWith(ROOT_PACKAGE)) {
        return logger;
      }
      String below = logger.substring(ROOT_PACKAGE.length());
      int dot = below.lastIndexOf('.');
      return dot < 0 ? "server" : below.substring(0, dot);
    }
  }
}
