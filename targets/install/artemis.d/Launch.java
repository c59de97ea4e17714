import java.nio.file.Path;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** ActiveMQ Artemis: Launch FILE, a broker.xml. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) {
		EmbeddedActiveMQ broker = new EmbeddedActiveMQ();

		try {
			broker.setConfigResourcePath(Path.of(args[0]).toUri().toString());
			broker.start();
			Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker)));
			Thread.currentThread().join();
		} catch (Throwable e) { // whatever threads it has started: it does not run
			e.printStackTrace();
			Runtime.getRuntime().halt(1);
		}
	}

	private static void stop(EmbeddedActiveMQ broker) {
		try {
			broker.stop();
		} catch (Exception e) {
			e.printStackTrace();
		}
	}
}
