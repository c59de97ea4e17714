import io.moquette.broker.Server;
import java.io.File;

/** Moquette: Launch FILE, a moquette.conf. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) {
		Server broker = new Server();

		try {
			broker.startServer(new File(args[0]));
			Runtime.getRuntime().addShutdownHook(new Thread(broker::stopServer));
			Thread.currentThread().join();
		} catch (Throwable e) { // whatever threads it has started: it does not run
			e.printStackTrace();
			Runtime.getRuntime().halt(1);
		}
	}
}
