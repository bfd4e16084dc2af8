import com.thoughtworks.xstream.XStream;
import com.thoughtworks.xstream.security.AnyTypePermission;
import java.lang.reflect.Field;
import org.apache.jmeter.NewDriver;

/**
 * Starts Debian's JMeter 2.13, whose XStream is newer than it: without a permission, XStream reads none of the classes
 * that a test plan names. Its arguments are JMeter's; the properties jmeter.home and user.dir are those that Debian's
 * own script has.
 */
public final class Headless {
    public static void main(String[] args) throws Exception {
        ClassLoader jmeter = loaderOf(NewDriver.class);
        Thread.currentThread().setContextClassLoader(jmeter);
        // The class that reads plans wants JMeter's settings when it is loaded.
        Class<?> settings = jmeter.loadClass("org.apache.jmeter.util.JMeterUtils");
        String home = System.getProperty("jmeter.home");
        settings.getMethod("setJMeterHome", String.class).invoke(null, home);
        settings.getMethod("loadJMeterProperties", String.class).invoke(null, home + "/bin/jmeter.properties");
        Class<?> plans = jmeter.loadClass("org.apache.jmeter.save.SaveService");
        for (String name : new String[] {"JMXSAVER", "JTLSAVER"}) {
            Field field = plans.getDeclaredField(name);
            field.setAccessible(true);
            ((XStream) field.get(null)).addPermission(AnyTypePermission.ANY);
        }
        NewDriver.main(args);
    }

    private static ClassLoader loaderOf(Class<?> driver) throws Exception {
        Field field = driver.getDeclaredField("loader");
        field.setAccessible(true);
        return (ClassLoader) field.get(null);
    }
}
